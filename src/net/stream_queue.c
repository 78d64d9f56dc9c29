/* SPDX-License-Identifier: MIT */
/*
 * stream_queue: the capacity is a power of two, in the slots and in the ring.
 */
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "stream_priv.h"

enum { FIRST_RING = 32, WEIGHED = 64 };

static struct bytes *
queue_element(const struct stream_queue *q, uint32_t i)
{
    struct bytes *const *base = q->capacity > STREAM_QUEUE_INLINE ? q->in.ring : q->in.slots;

    return base[(q->head + i) & (q->capacity - 1)];
}

void
stream_queue_init(struct stream_queue *q)
{
    *q = (struct stream_queue){ .capacity = STREAM_QUEUE_INLINE };
}

static void
queue_free_ring(struct stream_queue *q)
{
    if (q->capacity > STREAM_QUEUE_INLINE)
        free(q->in.ring);
}

/* Of an empty queue; what is counted stays so until it is looked at. */
static void
queue_drop_ring(struct stream_queue *q)
{
    ENSURE(q->count == 0);
    queue_free_ring(q);
    q->capacity = STREAM_QUEUE_INLINE;
    q->head = 0;
}

void
stream_queue_fini(struct stream_queue *q)
{
    for (uint32_t i = 0; i < q->count; i++)
        bytes_unref(queue_element(q, i));
    q->count = 0;
    q->total_bytes = q->taken = 0;
    queue_drop_ring(q);
}

static void
queue_grow(struct stream_queue *q)
{
    uint32_t capacity = q->capacity > STREAM_QUEUE_INLINE ? 2 * q->capacity : FIRST_RING;
    struct bytes **ring;

    ENSURE(capacity > q->capacity && (capacity & (capacity - 1)) == 0);
    ring = mem_resize(NULL, capacity, sizeof(struct bytes *));
    for (uint32_t i = 0; i < q->count; i++)
        ring[i] = queue_element(q, i);
    queue_free_ring(q);
    q->in.ring = ring;
    q->capacity = capacity;
    q->head = 0;
}

void
stream_queue_push(struct stream_queue *q, struct bytes *b)
{
    struct bytes **base;

    if (q->count == q->capacity)
        queue_grow(q);
    base = q->capacity > STREAM_QUEUE_INLINE ? q->in.ring : q->in.slots;
    base[(q->head + q->count) & (q->capacity - 1)] = b;
    q->count++;
    q->total_bytes += b->len;
}

static size_t
queue_ring_bytes(const struct stream_queue *q)
{
    return q->capacity > STREAM_QUEUE_INLINE ? q->capacity * sizeof(struct bytes *) : 0;
}

void
stream_queue_account(struct stream_queue *q, struct budget *b)
{
    size_t now = queue_ring_bytes(q);

    budget_change(b, q->counted, now);
    q->counted = (uint32_t)now; /* of a GiB at most: an element is 64 bytes or more */
}

/* A long one is judged by some of its elements: there may be tens of thousands of queues. */
size_t
stream_queue_weight(const struct stream_queue *q)
{
    size_t all = q->total_bytes + q->count * sizeof(struct bytes), seen = 0, own = 0;

    for (uint32_t i = 0; i < q->count; i += q->count / WEIGHED + 1) {
        const struct bytes *b = queue_element(q, i);

        seen += b->len;
        own += b->len / atomic_load_explicit(&b->refs, memory_order_relaxed);
    }
    return queue_ring_bytes(q) + (seen > 0 ? all * own / seen : 0);
}

/* What is left of the element at index i. */
static struct str
queue_rest(const struct stream_queue *q, uint32_t i)
{
    const struct bytes *b = queue_element(q, i);
    size_t skip = i == 0 ? q->taken : 0;

    return str_slice(b->data + skip, b->len - skip);
}

const char *
stream_queue_first(const struct stream_queue *q)
{
    ENSURE(q->count > 0);
    return queue_element(q, 0)->data + q->taken;
}

unsigned
stream_queue_gather(const struct stream_queue *q, struct iovec *out, unsigned max)
{
    unsigned count = q->count < max ? q->count : max;

    for (unsigned i = 0; i < count; i++) {
        struct str s = queue_rest(q, i);

        /* iovec serves reading too, hence its pointer to what is not const. */
        out[i] = (struct iovec){ .iov_base = (void *)(uintptr_t)s.data, .iov_len = s.len };
    }
    return count;
}

struct str
stream_queue_join(const struct stream_queue *q, char *room, size_t size)
{
    struct str first = queue_rest(q, 0);
    size_t len = 0;

    if (first.len > size)
        first.len = size;
    if (first.len == size || q->count == 1)
        return first;
    for (uint32_t i = 0; i < q->count && len < size; i++) {
        struct str s = queue_rest(q, i);
        size_t part = s.len < size - len ? s.len : size - len;

        memcpy(room + len, s.data, part);
        len += part;
    }
    return str_slice(room, len);
}

void
stream_queue_take(struct stream_queue *q, size_t len)
{
    ENSURE(len <= q->total_bytes);
    q->total_bytes -= len;
    q->taken += len;
    while (q->count > 0) {
        struct bytes *b = queue_element(q, 0);

        if (q->taken < b->len)
            return;
        q->taken -= b->len;
        bytes_unref(b);
        q->head = (q->head + 1) & (q->capacity - 1);
        q->count--;
    }
    ENSURE(q->total_bytes == 0 && q->taken == 0);
    queue_drop_ring(q);
}
