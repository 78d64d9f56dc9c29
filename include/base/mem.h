/* SPDX-License-Identifier: MIT */
/*
 * mem: allocation that aborts when memory is out, so that no caller tests for it.  A size that
 * came from the network is checked against a named limit before it gets here.  Release with
 * free().  Any thread.
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* Uninitialised memory; never NULL, also for 0 bytes. */
void *mem_alloc(size_t size);

/* Zeroed memory for one object of this size. */
void *mem_zalloc(size_t size);

/* Grow or shrink; count * size is checked for overflow. */
void *mem_resize(void *old, size_t count, size_t size);

/* A NUL-terminated copy of len bytes. */
char *mem_copy_text(const char *text, size_t len);

/* A copy of a NUL-terminated string; NULL stays NULL. */
char *mem_strdup(const char *text);

#endif
