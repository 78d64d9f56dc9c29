/* SPDX-License-Identifier: MIT */
/*
 * bytes: a counted run of bytes, immutable once a second holder has it.  With TLS contexts it is
 * the only thing that two threads may hold: the count is atomic, the content is never written
 * after creation.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct budget;

/* Read the fields; only bytes.c and the creator (before sharing) write them. */
struct bytes {
    atomic_uint refs;
    size_t len;
    struct budget *budget; /* NULL: not counted */
    char data[];
};

/* A copy of len bytes, held once. */
struct bytes *bytes_new(const char *data, size_t len);
/* Room for len bytes, to be filled before anybody else sees it. */
struct bytes *bytes_alloc(size_t len);
/* Count b against budget until it is freed, which its thread does; NULL: nothing is counted. Before
 * anybody else sees it, and once; returns b. */
struct bytes *bytes_count(struct bytes *b, struct budget *budget);
/* One more holder; returns b. */
struct bytes *bytes_ref(struct bytes *b);
/* One holder less; frees with the last.  NULL is fine. */
void bytes_unref(struct bytes *b);

/* Whether there are more holders than the caller; for those that are all of one thread. */
static inline bool
bytes_is_shared(const struct bytes *b)
{
    return atomic_load_explicit(&b->refs, memory_order_relaxed) > 1;
}

static inline struct str
bytes_str(const struct bytes *b)
{
    return (struct str){ b->data, b->len };
}

#endif
