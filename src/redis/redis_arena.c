/* SPDX-License-Identifier: MIT */
/*
 * redis_arena: a chain of blocks, the oldest of which is kept.
 */
#include "redis_arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

enum { BLOCK_SIZE = 4096, ALIGNMENT = alignof(max_align_t) };

struct redis_block {
    struct redis_block *older;
    size_t size;
    alignas(max_align_t) char data[];
};

static void
use(struct redis_arena *a, struct redis_block *b)
{
    a->blocks = b;
    a->at = b->data;
    a->left = b->size;
}

static bool
add_block(struct redis_arena *a, size_t size)
{
    size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;
    struct redis_block *b;

    if (room > REDIS_ARENA_MAX_BYTES - a->held)
        return false;
    b = mem_alloc(sizeof(*b) + room);
    b->older = a->blocks;
    b->size = room;
    a->held += room;
    use(a, b);
    return true;
}

void *
redis_arena_take(struct redis_arena *a, size_t size)
{
    size_t rounded = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    char *taken;

    if (size > REDIS_ARENA_MAX_BYTES)
        return NULL;
    if ((!a->blocks || rounded > a->left) && !add_block(a, rounded))
        return NULL;
    taken = a->at;
    a->at += rounded;
    a->left -= rounded;
    return taken;
}

static void
drop_newest(struct redis_arena *a)
{
    struct redis_block *b = a->blocks;

    a->blocks = b->older;
    a->held -= b->size;
    free(b);
}

void
redis_arena_clear(struct redis_arena *a)
{
    while (a->blocks && (a->blocks->older || a->blocks->size > BLOCK_SIZE))
        drop_newest(a);
    if (a->blocks)
        use(a, a->blocks);
    else
        a->left = 0;
}

void
redis_arena_fini(struct redis_arena *a)
{
    while (a->blocks)
        drop_newest(a);
    a->left = 0;
}
