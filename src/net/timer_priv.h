/* SPDX-License-Identifier: MIT */
/*
 * timer, for loop.c: the wheel that a loop embeds.
 */
#ifndef NET_TIMER_PRIV_H
#define NET_TIMER_PRIV_H

#include <uv.h>

#include "net/timer.h"

enum { TIMER_SLOTS = 64, TIMER_LEVELS = 5 };

struct timer_wheel {
    uv_timer_t wake;
    uint64_t now;   /* the last tick whose timers have fired */
    uint64_t armed; /* the tick that wake waits for, or TIMER_NEVER */
    /* A bit per slot that may hold timers; one that timer_stop() emptied keeps its bit until it
     * is looked at. */
    uint64_t occupied[TIMER_LEVELS];
    struct list slots[TIMER_LEVELS][TIMER_SLOTS];
};

void timer_wheel_init(struct timer_wheel *w, uv_loop_t *uv);
/* Wake the loop when the next slot is due; called before each wait. */
void timer_wheel_arm(struct timer_wheel *w);
void timer_wheel_close(struct timer_wheel *w);

#endif
