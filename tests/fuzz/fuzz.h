/* SPDX-License-Identifier: MIT */
/*
 * fuzz: what every fuzzing entry includes.  An entry finds a bug by ENSURE() or a sanitizer; with
 * clang, -fsanitize=fuzzer finds inputs, and replay_main.c runs known ones.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
