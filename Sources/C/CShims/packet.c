#include "shim_packet.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

int shim_packet_socket(void) {
    // Protocol 0: nothing is delivered to it.
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

int shim_link_has_carrier(int fd, const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (strlen(name) >= sizeof request.ifr_name) return -ENODEV;
    strcpy(request.ifr_name, name);
    struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
    request.ifr_data = (char *)&link;
    if (ioctl(fd, SIOCETHTOOL, &request) == 0) return link.data != 0;
    if (errno != EOPNOTSUPP) return -errno;
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0) return -errno;
    return (request.ifr_flags & IFF_RUNNING) != 0;
}

int shim_packet_send(int fd, unsigned link, const uint8_t *frame, size_t size) {
    struct sockaddr_ll place;
    memset(&place, 0, sizeof place);
    place.sll_family = AF_PACKET;
    place.sll_ifindex = (int)link;
    place.sll_halen = 6;
    memcpy(place.sll_addr, frame, 6);
    // The protocol as the frame has it, which is in network order already.
    memcpy(&place.sll_protocol, frame + 12, 2);
    return sendto(fd, frame, size, 0, (struct sockaddr *)&place, sizeof place) < 0 ? -errno : 0;
}
