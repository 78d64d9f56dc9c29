/* SPDX-License-Identifier: MIT */
/*
 * resolver: a name to an address without blocking (libuv's thread pool), for libraries that would
 * resolve it on the loop's thread.  The loop's thread only.
 */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

struct loop;
struct resolver;

/*
 * The first address of a name, as text, resolved on the thread pool; on_done is called once,
 * never from within resolver_open(): address NULL and a sentence when there is none.  An address
 * is its own answer.
 */
struct resolver *resolver_open(struct loop *l, const char *host,
    void (*on_done)(void *owner, const char *address, const char *error), void *owner);
void resolver_cancel(struct resolver *r);

#endif
