/* SPDX-License-Identifier: MIT */
/*
 * redis_arena: memory of one reply, given back as a whole, so that reading a stream of messages
 * allocates nothing.  It has a limit: what a reply announces is not yet there.
 */
#ifndef REDIS_REDIS_ARENA_H
#define REDIS_REDIS_ARENA_H

#include <stddef.h>

#include "base/attr.h"

/* Of one reply, all that is allocated for it. */
enum { REDIS_ARENA_MAX_BYTES = 64 << 20 };

struct redis_block;

/* Embedded; all zero is an empty one. */
struct redis_arena {
    struct redis_block *blocks; /* the newest first */
    char *at;                   /* what is free of the newest */
    size_t left;
    size_t held; /* bytes of all blocks */
};

/* Not cleared, aligned for anything; valid until redis_arena_clear().  NULL: past the limit. */
MUST_USE void *redis_arena_take(struct redis_arena *a, size_t size);
/* Keeps a block of the usual size for the next reply. */
void redis_arena_clear(struct redis_arena *a);
void redis_arena_fini(struct redis_arena *a);

#endif
