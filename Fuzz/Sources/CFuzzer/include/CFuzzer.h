#pragma once
#include <stddef.h>
#include <stdint.h>

/// libFuzzer as a library: does what the arguments say, and calls `test` with each input.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test)(const uint8_t *bytes, size_t count));
