/* SPDX-License-Identifier: MIT */
/*
 * presence_redis: members of all nodes, in Redis (keys: scripts.h).
 *
 * The truth of a channel is what its versions say, one after the other: a script changes it and
 * publishes the change with the version that it made.  A version that is missed, and a connection
 * that was lost, make the whole truth be read again.
 */
#ifndef CLUSTER_PRESENCE_REDIS_H
#define CLUSTER_PRESENCE_REDIS_H

#include <stdbool.h>

#include "base/str.h"

struct loop;
struct presence_store;
struct redis_link;
struct scripts;

/* commands and scripts must outlive it; node is used for the call. */
struct presence_store *presence_redis_new(
    struct loop *l, struct redis_link *commands, struct scripts *scripts, struct str node);

/* Both links work, or one of them does not. */
void presence_redis_up(struct presence_store *s);
void presence_redis_down(struct presence_store *s);
/* Redis lost what this node said, or may have: say it again, read everything again. */
void presence_redis_again(struct presence_store *s);
/* A change was published. */
void presence_redis_change(struct presence_store *s, struct str channel, struct str payload);
/* Whether this node has members in the channel, or had until a moment ago: it tidies up itself. */
bool presence_redis_claims(const struct presence_store *s, struct str channel);
/* Write now what waits to be coalesced. */
void presence_redis_flush(struct presence_store *s);

#endif
