/* SPDX-License-Identifier: MIT */
/*
 * timer: a hierarchical wheel with ticks of 8 ms.
 *
 *   level 0: 64 slots of 1 tick        (0.5 s)     fire
 *   level 1: 64 slots of 64 ticks      (33 s)      move down when their first tick comes
 *   ...
 *   level 4: 64 slots of 64^4 ticks    (99 days)   what is later still goes round again
 *
 * One libuv timer waits for the next occupied slot of any level, and is set again at most once a
 * turn, whatever was started and stopped.
 */
#include "net/timer.h"

#include "base/ensure.h"
#include "loop_priv.h"

enum { TICK_SHIFT = 3, SLOT_BITS = 6, SLOT_MASK = TIMER_SLOTS - 1 };

#define TIMER_NEVER UINT64_MAX
#define HORIZON_TICKS ((uint64_t)1 << (SLOT_BITS * TIMER_LEVELS))

/* The first tick after now of a slot of this level that holds timers. */
static uint64_t
next_of_level(struct timer_wheel *w, unsigned level)
{
    uint64_t after = (w->now >> (SLOT_BITS * level)) + 1;

    while (w->occupied[level]) {
        unsigned by = after & SLOT_MASK;
        uint64_t ahead = w->occupied[level] >> by | w->occupied[level] << (-by & 63); /* rotated */
        uint64_t found = after + (unsigned)__builtin_ctzll(ahead);

        if (!list_empty(&w->slots[level][found & SLOT_MASK]))
            return found << (SLOT_BITS * level);
        w->occupied[level] &= ~((uint64_t)1 << (found & SLOT_MASK));
    }
    return TIMER_NEVER;
}

static uint64_t
next_tick(struct timer_wheel *w)
{
    uint64_t next = TIMER_NEVER;

    for (unsigned level = 0; level < TIMER_LEVELS; level++) {
        uint64_t tick = next_of_level(w, level);

        if (tick < next)
            next = tick;
    }
    return next;
}

/* Put t where it belongs when base is the first tick that has not fired. */
static void
timer_place(struct timer_wheel *w, struct timer *t, uint64_t base)
{
    uint64_t tick = (t->due_ms + (1 << TICK_SHIFT) - 1) >> TICK_SHIFT;
    unsigned level = 0;
    uint64_t slot;

    ENSURE(base > w->now);
    if (tick < base)
        tick = base;
    if (tick - base >= HORIZON_TICKS)
        tick = base + HORIZON_TICKS - 1;
    while ((tick - base) >> (SLOT_BITS * (level + 1)))
        level++;
    slot = tick >> (SLOT_BITS * level) & SLOT_MASK;
    w->occupied[level] |= (uint64_t)1 << slot;
    list_append(&w->slots[level][slot], &t->node);
}

/* At the first tick of a slot of an upper level its timers move down. */
static void
timer_cascade(struct timer_wheel *w, uint64_t tick)
{
    for (unsigned level = 1; level < TIMER_LEVELS; level++) {
        unsigned shift = SLOT_BITS * level;
        struct list batch;

        if (tick & (((uint64_t)1 << shift) - 1))
            return;
        list_init(&batch);
        list_splice(&batch, &w->slots[level][tick >> shift & SLOT_MASK]);
        LIST_EACH(node, &batch) {
            list_remove(node);
            timer_place(w, LIST_ENTRY(node, struct timer, node), tick);
        }
    }
}

static void
timer_on_wake(uv_timer_t *handle)
{
    struct timer_wheel *w = handle->data;
    uint64_t target = uv_now(handle->loop) >> TICK_SHIFT;
    uint64_t tick;

    w->armed = TIMER_NEVER;
    while ((tick = next_tick(w)) <= target) {
        struct list batch;

        timer_cascade(w, tick);
        w->now = tick;
        list_init(&batch);
        list_splice(&batch, &w->slots[0][tick & SLOT_MASK]);
        while (!list_empty(&batch)) {
            struct timer *t = LIST_ENTRY(batch.next, struct timer, node);

            ENSURE(t->due_ms <= tick << TICK_SHIFT);
            list_remove(&t->node);
            t->on_due(t->owner);
        }
    }
    if (w->now < target)
        w->now = target;
}

/* After a long wait: skip the ticks in which nothing was due. */
static void
timer_catch_up(struct timer_wheel *w)
{
    uint64_t target = uv_now(w->wake.loop) >> TICK_SHIFT;
    uint64_t next;

    if (target <= w->now)
        return;
    next = next_tick(w);
    w->now = next <= target ? next - 1 : target;
}

void
timer_wheel_init(struct timer_wheel *w, uv_loop_t *uv)
{
    uv_timer_init(uv, &w->wake);
    uv_unref((uv_handle_t *)&w->wake);
    w->wake.data = w;
    w->now = uv_now(uv) >> TICK_SHIFT;
    w->armed = TIMER_NEVER;
    for (unsigned level = 0; level < TIMER_LEVELS; level++)
        for (unsigned slot = 0; slot < TIMER_SLOTS; slot++)
            list_init(&w->slots[level][slot]);
}

void
timer_wheel_arm(struct timer_wheel *w)
{
    uint64_t next = next_tick(w);
    uint64_t now_ms = uv_now(w->wake.loop);
    uint64_t due_ms = next << TICK_SHIFT;

    if (next == w->armed)
        return;
    w->armed = next;
    if (next == TIMER_NEVER)
        uv_timer_stop(&w->wake);
    else
        uv_timer_start(&w->wake, timer_on_wake, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

void
timer_init(struct timer *t, void (*on_due)(void *owner), void *owner)
{
    list_init(&t->node);
    t->due_ms = 0;
    t->on_due = on_due;
    t->owner = owner;
}

/* Counts from the clock, not from the turn's beginning: a timer started at the end of a long turn
 * would be early. */
void
timer_start(struct loop *l, struct timer *t, uint64_t delay_ms)
{
    list_remove(&t->node);
    t->due_ms = (uv_hrtime() + 999999) / 1000000 + delay_ms;
    timer_catch_up(&l->wheel);
    timer_place(&l->wheel, t, l->wheel.now + 1);
}

void
timer_stop(struct timer *t)
{
    if (t->node.next)
        list_remove(&t->node);
}

bool
timer_active(const struct timer *t)
{
    return t->node.next && !list_empty(&t->node);
}
