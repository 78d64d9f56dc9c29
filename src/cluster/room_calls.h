/* SPDX-License-Identifier: MIT */
/*
 * room_calls: what is done to one presence channel in Redis, each a call of a script.  False: the
 * link is not ready, and nothing was sent.
 */
#ifndef CLUSTER_ROOM_CALLS_H
#define CLUSTER_ROOM_CALLS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct redis_value;
struct replica_item;
struct scripts;

struct room_calls {
    struct scripts *scripts;
    struct str prefix;
    bool members_key; /* "<prefix><channel>:members" is written and deleted */
};

MUST_USE bool room_calls_enter(
    const struct room_calls *c, struct str channel, const struct replica_item *item);
MUST_USE bool room_calls_leave(const struct room_calls *c, struct str channel, struct str conn);

/* Remove every connection of a node. */
struct room_calls_reap {
    struct str channel, node;
    void (*on_reply)(void *owner, const struct redis_value *reply);
    void *owner;
};
MUST_USE bool room_calls_reap(const struct room_calls *c, const struct room_calls_reap *r);

MUST_USE bool room_calls_list(const struct room_calls *c, struct str channel,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner);

/* Bring the members key up to date; one that is lost is made up for by the next. */
bool room_calls_write_members(const struct room_calls *c, struct str channel);
/* Publish PresenceChannelUpdated with the members. */
bool room_calls_publish_members(const struct room_calls *c, struct str channel);

#endif
