#pragma once
#include <malloc.h>
#include <stdbool.h>

/// Has malloc(3) map everything larger by itself, so that it is given back when it is freed. Left alone, glibc raises that
/// bound to whatever has been freed once, up to 32 MiB, and keeps it in heaps that seldom shrink (mallopt(3)).
static inline bool shim_map_above(int bytes) {
    return mallopt(M_MMAP_THRESHOLD, bytes) == 1;
}
