/* SPDX-License-Identifier: MIT */
/*
 * timer: time-outs on one wheel a loop.  Starting and stopping is constant work and no system
 * call; a timer fires at most 10 ms late, never early.  A loop without timers never wakes for
 * them.  The loop's thread only.
 */
#ifndef NET_TIMER_H
#define NET_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"

struct loop;

/* Embed it; timer_init() before anything else. */
struct timer {
    struct list node;
    uint64_t due_ms;
    void (*on_due)(void *owner);
    void *owner;
};

void timer_init(struct timer *t, void (*on_due)(void *owner), void *owner);
/* Once, delay_ms from now; a running timer starts over. */
void timer_start(struct loop *l, struct timer *t, uint64_t delay_ms);
/* Idempotent. */
void timer_stop(struct timer *t);
bool timer_active(const struct timer *t);

#endif
