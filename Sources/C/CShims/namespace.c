#define _GNU_SOURCE
#include "shim_namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71
#endif

int shim_setns_network(int fd) { return setns(fd, CLONE_NEWNET) == 0 ? 0 : -errno; }

int shim_unshare_network(void) { return unshare(CLONE_NEWNET) == 0 ? 0 : -errno; }

static int is_namespace(int fd) {
    struct statfs filesystem;
    if (fstatfs(fd, &filesystem) != 0) return -errno;
    return filesystem.f_type == NSFS_MAGIC;
}

int shim_open_network_namespace(const char *path) {
    int place = open(path, O_PATH | O_CLOEXEC);
    if (place < 0) return -errno;
    int answer = is_namespace(place);
    if (answer == 0) answer = SHIM_NOT_A_NETWORK_NAMESPACE;
    if (answer > 0) {
        char again[40];
        snprintf(again, sizeof again, "/proc/thread-self/fd/%d", place);
        answer = open(again, O_RDONLY | O_CLOEXEC);
        if (answer < 0) {
            answer = -errno;
        } else if (ioctl(answer, NS_GET_NSTYPE) != CLONE_NEWNET) {
            close(answer);
            answer = SHIM_NOT_A_NETWORK_NAMESPACE;
        }
    }
    close(place);
    return answer;
}

int shim_is_namespace_file(const char *path) {
    int place = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
    if (place < 0) return -errno;
    int answer = is_namespace(place);
    close(place);
    return answer;
}

int shim_namespace_cookie(uint64_t *cookie) {
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return -errno;
    socklen_t size = sizeof *cookie;
    int answer = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &size) == 0 ? 0 : -errno;
    close(fd);
    return answer;
}

int shim_create_pinned_namespace(const char *path) {
    int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (home < 0) return -errno;
    int answer = shim_unshare_network();
    if (answer == 0) {
        if (mount("/proc/thread-self/ns/net", path, "none", MS_BIND, NULL) != 0) answer = -errno;
        // A thread left in another namespace would do its next work in the wrong place.
        if (setns(home, CLONE_NEWNET) != 0) abort();
    }
    close(home);
    return answer;
}

int shim_detach_mount(const char *path) {
    return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0 ? 0 : -errno;
}
