/* SPDX-License-Identifier: MIT */
/*
 * account: the memory that OpenSSL holds, as the allocator has it: with the rounding and the
 * head of each block, because that is what a process pays.
 */
#ifndef FLOOR_ACCOUNT_H
#define FLOOR_ACCOUNT_H

#include <stddef.h>

/* Before anything else of OpenSSL's. */
void account_begin(void);
size_t account_bytes(void);

#endif
