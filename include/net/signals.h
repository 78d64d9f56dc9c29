/* SPDX-License-Identifier: MIT */
/*
 * signals: delivery of Unix signals to a loop.  The loop's thread only.
 */
#ifndef NET_SIGNALS_H
#define NET_SIGNALS_H

struct loop;
struct signals_watch;

struct signals_watch *signals_open(
    struct loop *l, int number, void (*on_signal)(void *owner, int number), void *owner);
void signals_close(struct signals_watch *w);

#endif
