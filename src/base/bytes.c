/* SPDX-License-Identifier: MIT */
/*
 * bytes: counted, immutable runs of bytes.
 */
#include "base/bytes.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/ensure.h"
#include "base/mem.h"

struct bytes *
bytes_alloc(size_t len)
{
    struct bytes *b = mem_alloc(sizeof(*b) + len);

    atomic_init(&b->refs, 1);
    b->len = len;
    b->budget = NULL;
    return b;
}

static size_t
bytes_cost(const struct bytes *b)
{
    return sizeof(*b) + b->len + BUDGET_ALLOCATION;
}

struct bytes *
bytes_count(struct bytes *b, struct budget *budget)
{
    ENSURE(!b->budget);
    if (budget)
        budget_take(budget, bytes_cost(b));
    b->budget = budget;
    return b;
}

struct bytes *
bytes_new(const char *data, size_t len)
{
    struct bytes *b = bytes_alloc(len);

    if (len > 0)
        memcpy(b->data, data, len);
    return b;
}

struct bytes *
bytes_ref(struct bytes *b)
{
    atomic_fetch_add_explicit(&b->refs, 1, memory_order_relaxed);
    return b;
}

void
bytes_unref(struct bytes *b)
{
    unsigned before;

    if (!b)
        return;
    /* Release what this holder read before the last one frees. */
    before = atomic_fetch_sub_explicit(&b->refs, 1, memory_order_acq_rel);
    ENSURE(before > 0);
    if (before > 1)
        return;
    if (b->budget)
        budget_give(b->budget, bytes_cost(b));
    free(b);
}
