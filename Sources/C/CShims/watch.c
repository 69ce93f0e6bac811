#define _GNU_SOURCE
#include "shim_watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif

int shim_pidfd_open(pid_t pid) {
    long fd = syscall(SYS_pidfd_open, pid, 0);
    return fd < 0 ? -errno : (int)fd;
}

int shim_place_of(const char *path, struct shim_place *place) {
    struct statx status;
    if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_MNT_ID_UNIQUE, &status) != 0) return -errno;
    place->device = (uint64_t)status.stx_dev_major << 32 | status.stx_dev_minor;
    place->inode = status.stx_ino;
    place->mount = status.stx_mask & STATX_MNT_ID_UNIQUE ? status.stx_mnt_id : 0;
    return 0;
}
