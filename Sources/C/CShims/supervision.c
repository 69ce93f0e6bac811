#define _GNU_SOURCE
#include "shim_supervision.h"

#include <errno.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#ifndef SIOCUNIXFILE  // linux/un.h has it, but does not go with sys/un.h.
#define SIOCUNIXFILE (SIOCPROTOPRIVATE + 0)
#endif

int shim_supervision_send(const char *path, const void *text, size_t count, int fd) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length == 0 || length >= sizeof address.sun_path) return -ENAMETOOLONG;
  memcpy(address.sun_path, path, length);
  int abstract = path[0] == '@';
  // A path ends with a NUL, an abstract name with its last byte.
  if (abstract) address.sun_path[0] = 0;
  struct iovec bytes = {.iov_base = (void *)text, .iov_len = count};
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {
      .msg_name = &address,
      .msg_namelen = offsetof(struct sockaddr_un, sun_path) + length + (abstract ? 0 : 1),
      .msg_iov = &bytes,
      .msg_iovlen = 1,
  };
  if (fd >= 0) {
    message.msg_control = &control;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  int sender = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (sender < 0) return -errno;
  struct timeval limit = {.tv_sec = 5};
  setsockopt(sender, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  int result = sendmsg(sender, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
  close(sender);
  return result;
}

int shim_unix_socket_file(int fd) {
  int file = ioctl(fd, SIOCUNIXFILE);
  return file < 0 ? -errno : file;
}
