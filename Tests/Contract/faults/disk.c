/* LD_PRELOAD for the daemon: makes the syscalls that write to its store fail, as a disk would.
 *
 * What shall fail is in a file (FAULTS) that the test writes and this library reads, both through a shared mapping. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { SYNC = 1, WRITE = 2 };

/* `rig/faults.py` knows this layout. */
struct faults {
    int32_t operations; /* which ones: SYNC | WRITE; 0: none */
    int32_t skip;       /* how many of them succeed before */
    int32_t times;      /* how many fail then; -1: all */
    int32_t error;      /* errno */
    int32_t failed;     /* counted here */
    int32_t passed;     /* those that succeeded while armed */
    int32_t pause;      /* ms that each of those takes longer */
    char file[64];      /* how the name of the file ends */
};

static struct faults *faults;

__attribute__((constructor)) static void attend(void)
{
    const char *path = getenv("FAULTS");
    int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *memory = mmap(NULL, sizeof *faults, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (memory != MAP_FAILED) faults = memory;
}

static int ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), other = strlen(end);
    return length >= other && strcmp(text + length - other, end) == 0;
}

/* Whether this operation on this descriptor shall fail; errno is set then. */
static int fails(int operation, int descriptor)
{
    if (!faults || !(__atomic_load_n(&faults->operations, __ATOMIC_ACQUIRE) & operation)) return 0;
    char link[64], name[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length < 0) return 0;
    name[length] = 0;
    if (!ends_with(name, faults->file)) return 0;
    if (__atomic_sub_fetch(&faults->skip, 1, __ATOMIC_ACQ_REL) >= 0 || faults->times == 0) {
        __atomic_add_fetch(&faults->passed, 1, __ATOMIC_ACQ_REL);
        if (faults->pause) usleep((useconds_t)faults->pause * 1000);
        return 0;
    }
    if (faults->times > 0) __atomic_sub_fetch(&faults->times, 1, __ATOMIC_ACQ_REL);
    __atomic_add_fetch(&faults->failed, 1, __ATOMIC_ACQ_REL);
    errno = faults->error;
    return 1;
}

/* A refused fsync of Linux still leaves the data in the page cache, so the write before it is seen after a kill. */
int fsync(int descriptor)
{
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    return fails(SYNC, descriptor) ? -1 : real(descriptor);
}

int fdatasync(int descriptor)
{
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    return fails(SYNC, descriptor) ? -1 : real(descriptor);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset)
{
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (!real) real = (ssize_t(*)(int, const void *, size_t, off64_t))dlsym(RTLD_NEXT, "pwrite64");
    return fails(WRITE, descriptor) ? -1 : real(descriptor, bytes, count, offset);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset)
{
    return pwrite64(descriptor, bytes, count, offset);
}

ssize_t write(int descriptor, const void *bytes, size_t count)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (!real) real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
    return fails(WRITE, descriptor) ? -1 : real(descriptor, bytes, count);
}
