#ifndef SHIM_SUPERVISION_H
#define SHIM_SUPERVISION_H

#include <stddef.h>

/// Sends one datagram to the unix socket at `path` (`@`: an abstract name), with the descriptor `fd` unless that is
/// negative (SCM_RIGHTS). Waits for room for at most 5 s. 0, or -errno.
int shim_supervision_send(const char *_Nonnull path, const void *_Nonnull text, size_t count, int fd);
/// A descriptor (O_PATH, close-on-exec) of the file that a unix socket is bound to, wherever that is by now; or -errno.
int shim_unix_socket_file(int fd);

#endif
