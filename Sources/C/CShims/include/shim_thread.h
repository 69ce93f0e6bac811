#ifndef SHIM_THREAD_H
#define SHIM_THREAD_H

#include <stdbool.h>

/// Starts a detached thread that runs `body(context)`, with every signal blocked (the process's signals are for
/// others), under a name of which the kernel keeps 15 bytes; 0, or -errno.
int shim_thread_start(const char *_Nonnull name, void (*_Nonnull body)(void *_Nonnull), void *_Nonnull context);

/// Whether the calling thread was made by `shim_thread_start`: such a thread may block and change its namespace.
bool shim_thread_is_dedicated(void);

#endif
