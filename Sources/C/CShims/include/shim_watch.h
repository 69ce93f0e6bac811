#ifndef SHIM_WATCH_H
#define SHIM_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/types.h>

/// pidfd_open(2); the descriptor, close-on-exec, or -errno.
int shim_pidfd_open(pid_t pid);

/// What a path leads to: which file, in which mount.
struct shim_place {
    uint64_t device;
    uint64_t inode;
    /// Never reused while the machine runs (STATX_MNT_ID_UNIQUE, Linux 6.8); else 0.
    uint64_t mount;
};

/// statx(2), symbolic links followed; 0, or -errno.
int shim_place_of(const char *_Nonnull path, struct shim_place *_Nonnull place);

#endif
