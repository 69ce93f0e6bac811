#define _GNU_SOURCE
#include "shim_enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int checked(int fd) {
  if (fd < 0) return -errno;
  if (ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET) return fd;
  close(fd);
  return -EINVAL;
}

int shim_open_namespace_of(int pid, const char *path) {
  char root[64];
  snprintf(root, sizeof root, "/proc/%d/root", pid);
  int directory = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return -errno;
  // O_NONBLOCK: a FIFO in the namespace's place must not hold us up.
  struct open_how how = {.flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
  int fd = (int)syscall(SYS_openat2, directory, path, &how, sizeof how);
  if (fd < 0 && (errno == ELOOP || errno == EXDEV)) {
    // RESOLVE_IN_ROOT follows no magic link, which /proc/N/ns/net is; there, no ordinary link is on the way.
    while (*path == '/') path++;
    fd = openat(directory, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  }
  int answer = checked(fd);
  close(directory);
  return answer;
}

int shim_open_own_namespace_of(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
  return checked(open(path, O_RDONLY | O_CLOEXEC));
}

int shim_lock_file(int fd) { return flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno; }
