#ifndef SHIM_PACKET_H
#define SHIM_PACKET_H

#include <stddef.h>
#include <stdint.h>

/// A packet(7) socket in the calling thread's namespace that sends whole frames and receives none; the descriptor,
/// close-on-exec, or -errno.
int shim_packet_socket(void);
/// Sends one Ethernet frame out of the link with that index; 0, or -errno.
int shim_packet_send(int fd, unsigned link, const uint8_t *_Nonnull frame, size_t size);

#endif
