// Tells ThreadSanitizer of Swift's contended mutexes; to be preloaded into a binary built with --sanitize=thread.
//
// Synchronization.Mutex locks and unlocks by an atomic exchange inlined into the caller, which is instrumented. Only when
// that fails does it call these two functions of libswiftSynchronization, which is not: the kernel then writes the word
// (FUTEX_LOCK_PI), and everything the mutex guards looks like a race. With these in their place nothing need be
// suppressed, so real races on what a mutex guards are still found.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self

// The sanitizer's, in the main program (sanitizer/tsan_interface.h).
__attribute__((weak)) void __tsan_acquire(void *);
__attribute__((weak)) void __tsan_release(void *);

// Synchronization._MutexHandle._lockSlow(UInt32) and ._unlockSlow()
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t, SELF) __asm__(LOCK);
SWIFT void unlock_slow(SELF) __asm__(UNLOCK);

static void *original(const char *symbol) {
  void *found = dlsym(RTLD_NEXT, symbol);
  // Without them nothing can be locked at all.
  if (!found) abort();
  return found;
}

SWIFT void lock_slow(uint32_t thread, SELF) {
  ((SWIFT void (*)(uint32_t, SELF))original(LOCK))(thread, self);
  if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void unlock_slow(SELF) {
  if (__tsan_release) __tsan_release(self);
  ((SWIFT void (*)(SELF))original(UNLOCK))(self);
}
