#define _GNU_SOURCE
#include "fuzzer.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf place;
static int is_running;

/// In place of libc's for everything in the process.
void exit(int status) {
    Dl_info caller;
    int is_libnftnl = dladdr(__builtin_return_address(0), &caller) && strstr(caller.dli_fname, "libnftnl");
    if (is_running && is_libnftnl) longjmp(place, 1);
    void (*real)(int) = (void (*)(int))dlsym(RTLD_NEXT, "exit");
    if (real) real(status);
    abort();
}

int fuzzer_run(int (*callback)(const uint8_t *data, size_t size), const uint8_t *data, size_t size) {
    int answer = 0;
    is_running = 1;
    if (setjmp(place) == 0) answer = callback(data, size);
    is_running = 0;
    return answer;
}
