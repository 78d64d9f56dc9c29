/* SPDX-License-Identifier: MIT */
/*
 * mem: allocation that aborts when memory is out.
 */
#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"

static void *
present(void *memory)
{
    ENSURE(memory != NULL);
    return memory;
}

void *
mem_alloc(size_t size)
{
    return present(malloc(size ? size : 1));
}

void *
mem_zalloc(size_t size)
{
    return present(calloc(1, size ? size : 1));
}

void *
mem_resize(void *old, size_t count, size_t size)
{
    size_t total;

    ENSURE(!__builtin_mul_overflow(count, size, &total));
    return present(realloc(old, total ? total : 1));
}

char *
mem_copy_text(const char *text, size_t len)
{
    char *copy = mem_alloc(len + 1);

    if (len > 0)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *
mem_strdup(const char *text)
{
    return text ? mem_copy_text(text, strlen(text)) : NULL;
}
