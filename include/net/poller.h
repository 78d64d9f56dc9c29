/* SPDX-License-Identifier: MIT */
/*
 * poller: readiness of a descriptor that other code owns.  The loop's thread only.
 */
#ifndef NET_POLLER_H
#define NET_POLLER_H

#include <stdbool.h>

struct loop;
struct poller;

/* on_ready may close the poller.  A socket with an error is reported as ready for what is watched.
 * NULL: the loop cannot watch fd.  The descriptor stays the library's. */
struct poller *poller_open(struct loop *l, int fd,
    void (*on_ready)(void *owner, bool readable, bool writable), void *owner);
/* What to wait for; nothing at all is fine. */
void poller_watch(struct poller *p, bool readable, bool writable);
/* No on_ready follows; the descriptor may be closed by its owner right after. */
void poller_close(struct poller *p);

#endif
