/* SPDX-License-Identifier: MIT */
#include "account.h"

#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>

#include "../load/die.h"

enum { BLOCK_HEAD = sizeof(size_t) };

static size_t held;

static size_t
size_of(void *block)
{
    return block != NULL ? malloc_usable_size(block) + BLOCK_HEAD : 0;
}

static void *
allocate(size_t size, const char *file, int line)
{
    (void)file;
    (void)line; /* where in OpenSSL is not asked for */
    void *block = malloc(size);
    held += size_of(block);
    return block;
}

static void *
resize(void *block, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    size_t before = size_of(block);
    void *larger = realloc(block, size);
    if (larger != NULL || size == 0)
        held += size_of(larger) - before;
    return larger;
}

static void
release(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    held -= size_of(block);
    free(block);
}

void
account_begin(void)
{
    if (CRYPTO_set_mem_functions(allocate, resize, release) != 1)
        die("OpenSSL has allocated already");
}

size_t
account_bytes(void)
{
    return held;
}
