/* SPDX-License-Identifier: MIT */
/*
 * redis_arena: memory of one reply, given back as a whole, so that reading a stream of messages
 * allocates nothing.
 */
#ifndef REDIS_REDIS_ARENA_H
#define REDIS_REDIS_ARENA_H

#include <stddef.h>

struct redis_block;

/* Embedded; all zero is an empty one. */
struct redis_arena {
    struct redis_block *blocks; /* the newest first */
    char *at;                   /* what is free of the newest */
    size_t left;
};

/* Not cleared, aligned for anything; valid until redis_arena_clear(). */
void *redis_arena_take(struct redis_arena *a, size_t size);
/* Keeps a block of the usual size for the next reply. */
void redis_arena_clear(struct redis_arena *a);
void redis_arena_fini(struct redis_arena *a);

#endif
