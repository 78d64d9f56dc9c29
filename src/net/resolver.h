/* SPDX-License-Identifier: MIT */
/*
 * resolver: the addresses of a name, without blocking (libuv's thread pool), for the connector.
 * The loop's thread only.
 */
#ifndef NET_RESOLVER_H
#define NET_RESOLVER_H

#include <netdb.h>

struct loop;
struct resolver;

/*
 * on_list is called once, never from within resolver_open(); the list is borrowed, NULL with a
 * sentence when there is none.  An address is its own answer.
 */
struct resolver *resolver_open(struct loop *l, const char *host,
    void (*on_list)(void *owner, const struct addrinfo *list, const char *error), void *owner);
/* on_list will not be called. */
void resolver_cancel(struct resolver *r);

#endif
