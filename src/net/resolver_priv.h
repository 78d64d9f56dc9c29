/* SPDX-License-Identifier: MIT */
/*
 * resolver, for connector.c: every address of a name.
 */
#ifndef NET_RESOLVER_PRIV_H
#define NET_RESOLVER_PRIV_H

#include <netdb.h>

#include "net/resolver.h"

/* As resolver_open(); the list is borrowed, NULL with a sentence when there is none. */
struct resolver *resolver_open_list(struct loop *l, const char *host,
    void (*on_list)(void *owner, const struct addrinfo *list, const char *error), void *owner);

#endif
