/* SPDX-License-Identifier: MIT */
/*
 * signals: delivery of Unix signals to a loop.  The loop's thread only.
 */
#ifndef NET_SIGNALS_H
#define NET_SIGNALS_H

#include <stdbool.h>
#include <stddef.h>

struct loop;
struct signals_watch;

struct signals_watch *signals_open(
    struct loop *l, int number, void (*on_signal)(void *owner, int number), void *owner);
/*
 * Hold signals back, for this thread and those that it makes from then on, or let them come again.
 * Held back they wait; without a watch they would end the process.
 */
void signals_hold(const int *numbers, size_t count, bool hold);
void signals_close(struct signals_watch *w);

#endif
