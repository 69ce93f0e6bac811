#ifndef SHIM_NAMESPACE_H
#define SHIM_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>

/// What `shim_open_network_namespace` answers for a path that is something else; no errno has this value.
enum { SHIM_NOT_A_NETWORK_NAMESPACE = -4096 };

/// setns(2) into the network namespace behind `fd`; 0, or -errno.
int shim_setns_network(int fd);
/// unshare(CLONE_NEWNET) for the calling thread; 0, or -errno.
int shim_unshare_network(void);

/// Opens a network namespace read-only and close-on-exec. Nothing but a namespace file is ever really opened, so a
/// path to a FIFO or a device has no effect. The descriptor, -errno, or SHIM_NOT_A_NETWORK_NAMESPACE.
int shim_open_network_namespace(const char *_Nonnull path);
/// Whether `path` itself (not what a symbolic link leads to) is a namespace file; 1, 0, or -errno.
int shim_is_namespace_file(const char *_Nonnull path);
/// SO_NETNS_COOKIE of the calling thread's namespace (Linux 5.14); 0, or -errno.
int shim_namespace_cookie(uint64_t *_Nonnull cookie);

/// Makes a namespace and binds it on the existing file `path` (ip-netns(8)); the calling thread comes back to where
/// it was, or the process aborts. 0, or -errno.
int shim_create_pinned_namespace(const char *_Nonnull path);
/// umount2(2) with MNT_DETACH and UMOUNT_NOFOLLOW; 0, or -errno.
int shim_detach_mount(const char *_Nonnull path);

#endif
