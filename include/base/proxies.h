/* SPDX-License-Identifier: MIT */
/*
 * proxies: which proxies are trusted about a client's address.  Immutable; any thread.
 */
#ifndef BASE_PROXIES_H
#define BASE_PROXIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct address;
struct buffer;
struct proxies;

/*
 * entries: "false" (none), "true" (all), a number of hops, or any mix of addresses, ranges,
 * "loopback", "linklocal" and "uniquelocal".  NULL: *error names the entry that is none of them.
 */
MUST_USE struct proxies *proxies_new(
    const char *const *entries, size_t count, struct buffer *error);
void proxies_free(struct proxies *p);

/* hop 0 is the peer of the connection, 1 the one that it names, and so on. */
bool proxies_trust(const struct proxies *p, const struct address *a, unsigned hop);

#endif
