/* SPDX-License-Identifier: MIT */
/*
 * needs: what a configuration asks of the machine.  Pure.
 */
#ifndef SERVER_NEEDS_H
#define SERVER_NEEDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct buffer;
struct config;

/* Whether the members of presence channels are kept in Redis: where one is named, or used anyway.
 */
bool needs_redis_members(const struct config *c);

/* Whether Redis is used at all. */
bool needs_redis(const struct config *c);

/* Threads that serve connections. */
unsigned needs_workers(const struct config *c);

/* Whether a limit of descriptors is enough for the workers, without any connection.  False: *error
 * is one sentence. */
MUST_USE bool needs_fit(const struct config *c, size_t descriptors, struct buffer *error);

/* How many connections a limit of descriptors has room for, beside so many workers. */
size_t needs_room(const struct config *c, size_t descriptors, unsigned workers);

#endif
