#ifndef SHIM_ENTER_H
#define SHIM_ENTER_H

/// Opens the network namespace at `path` as the process `pid` sees it: symbolic links on the way lead to where they lead
/// for that process (openat2(2), RESOLVE_IN_ROOT). The descriptor, close-on-exec, or -errno; -EINVAL for a path to
/// something else.
int shim_open_namespace_of(int pid, const char *_Nonnull path);

/// Opens the network namespace that the process `pid` is in; the descriptor, close-on-exec, or -errno.
int shim_open_own_namespace_of(int pid);

/// A pidfile's or lock's flock(2), exclusive and without waiting; 0, or -errno.
int shim_lock_file(int fd);

#endif
