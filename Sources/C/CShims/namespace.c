#define _GNU_SOURCE
#include "shim_namespace.h"

#include <errno.h>
#include <sched.h>

int shim_setns_network(int fd) { return setns(fd, CLONE_NEWNET) == 0 ? 0 : -errno; }

int shim_unshare_network(void) { return unshare(CLONE_NEWNET) == 0 ? 0 : -errno; }
