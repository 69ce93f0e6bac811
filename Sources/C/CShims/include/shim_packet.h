#ifndef SHIM_PACKET_H
#define SHIM_PACKET_H

#include <stddef.h>
#include <stdint.h>

/// A packet(7) socket in the calling thread's namespace that sends whole frames and receives none; the descriptor,
/// close-on-exec, or -errno.
int shim_packet_socket(void);
/// Whether the link of that name in the socket's namespace has a carrier; 1, 0, or -errno. Asking makes the kernel act
/// at once on a change it would else get to within a second, during which what is sent is dropped (ETHTOOL_GLINK,
/// net/core/link_watch.c).
int shim_link_has_carrier(int fd, const char *_Nonnull name);
/// Sends one Ethernet frame out of the link with that index; 0, or -errno.
int shim_packet_send(int fd, unsigned link, const uint8_t *_Nonnull frame, size_t size);

#endif
