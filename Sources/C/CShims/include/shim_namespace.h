#ifndef SHIM_NAMESPACE_H
#define SHIM_NAMESPACE_H

/// setns(2) into the network namespace behind `fd`; 0, or -errno.
int shim_setns_network(int fd);
/// unshare(CLONE_NEWNET) for the calling thread; 0, or -errno.
int shim_unshare_network(void);

#endif
