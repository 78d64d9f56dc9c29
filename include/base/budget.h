/* SPDX-License-Identifier: MIT */
/*
 * budget: how much memory one thread may hold because of what peers do, and how much that is now.
 *
 * What is held is taken when it is allocated and given back when it is freed, by whoever allocates
 * it: so the account follows the memory, and not those for whom it is kept.  Its thread alone takes
 * and gives; any thread may read what is used.  All zero is a budget without a limit.
 */
#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/ensure.h"

struct budget {
    atomic_size_t used;
    atomic_size_t limit; /* 0: none */
};

/* An allocation costs so much besides what was asked for. */
enum { BUDGET_ALLOCATION = 16 };

/* Any thread. */
static inline size_t
budget_used(const struct budget *b)
{
    return atomic_load_explicit(&b->used, memory_order_relaxed);
}

/* Any thread. */
static inline size_t
budget_limit(const struct budget *b)
{
    return atomic_load_explicit(&b->limit, memory_order_relaxed);
}

static inline void
budget_set_limit(struct budget *b, size_t limit)
{
    atomic_store_explicit(&b->limit, limit, memory_order_relaxed);
}

/* Something that held so many bytes before holds so many now. */
static inline void
budget_change(struct budget *b, size_t before, size_t now)
{
    size_t used = budget_used(b);

    ENSURE(used >= before);
    atomic_store_explicit(&b->used, used - before + now, memory_order_relaxed);
}

static inline void
budget_take(struct budget *b, size_t bytes)
{
    budget_change(b, 0, bytes);
}

static inline void
budget_give(struct budget *b, size_t bytes)
{
    budget_change(b, bytes, 0);
}

/* Nothing more should be begun for peers. */
static inline bool
budget_is_spent(const struct budget *b)
{
    size_t limit = budget_limit(b);

    return limit > 0 && budget_used(b) >= limit;
}

#endif
