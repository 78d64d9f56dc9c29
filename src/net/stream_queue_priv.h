/* SPDX-License-Identifier: MIT */
/*
 * stream_queue: the bytes that a stream has yet to write, in order, by reference.
 *
 * A few slots are part of the stream; a longer queue takes a ring from the heap and gives it back
 * when it has drained, so that an idle stream owns nothing.
 */
#ifndef NET_STREAM_QUEUE_PRIV_H
#define NET_STREAM_QUEUE_PRIV_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/str.h"

struct bytes;

enum { STREAM_QUEUE_INLINE = 4 };

struct stream_queue {
    size_t total_bytes; /* left to write */
    size_t taken;       /* bytes of the first element that were written already */
    uint32_t head, count, capacity;
    union {
        struct bytes *slots[STREAM_QUEUE_INLINE];
        struct bytes **ring; /* with a larger capacity */
    } in;
};

void stream_queue_init(struct stream_queue *q);
void stream_queue_fini(struct stream_queue *q);
/* Takes the caller's reference. */
void stream_queue_push(struct stream_queue *q, struct bytes *b);
/* What is left of the element at index i. */
struct str stream_queue_at(const struct stream_queue *q, uint32_t i);
/* The first elements, at most max; returns how many. */
unsigned stream_queue_gather(const struct stream_queue *q, struct iovec *out, unsigned max);
/* The first bytes of the queue, in one piece: borrowed, or copied to room. */
struct str stream_queue_join(const struct stream_queue *q, char *room, size_t size);
/* The first len bytes were written. */
void stream_queue_take(struct stream_queue *q, size_t len);

#endif
