// The part of LLVM's FuzzerInterface that a program with a main function of its own needs
// (https://llvm.org/docs/LibFuzzer.html, "Using libFuzzer as a library").
#pragma once
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

/// Runs the callback; libnftnl's way out ends it rather than the process. At an attribute of a wrong size, which no kernel sends,
/// that library says "kernel ABI is broken" and calls exit(3). Any other exit stays one, which libFuzzer reports.
int fuzzer_run(int (*callback)(const uint8_t *data, size_t size), const uint8_t *data, size_t size);
