/* SPDX-License-Identifier: MIT */
/*
 * presence_store: where the truth about members is kept: in this process, or in Redis for all
 * nodes.  A store takes what happens to the connections of this node and says, channel by channel
 * and in one order for everybody, what happens to all.
 *
 * Two stores: one in memory, of presence itself, and one in Redis that cluster has.  The hub's
 * thread only.
 */
#ifndef PRESENCE_PRESENCE_STORE_H
#define PRESENCE_PRESENCE_STORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct bytes;
struct presence_room;
struct presence_store;
struct presence_track;
struct replica_item;

enum presence_reach {
    PRESENCE_TRYING, /* not reached yet, and not known to be away */
    PRESENCE_REACHED,
    PRESENCE_AWAY
};

/* What a store says.  Events of one room come in the order of the truth. */
struct presence_events {
    void (*on_enter)(void *owner, struct presence_room *room, const struct replica_item *item);
    void (*on_leave)(void *owner, struct presence_room *room, struct str conn);
    /* The whole truth: begin, an item for each entry, end.  keep_missing: what is not in it may
     * come back, since Redis does not know everything yet. */
    void (*on_begin)(void *owner, struct presence_room *room);
    void (*on_item)(void *owner, struct presence_room *room, const struct replica_item *item);
    void (*on_end)(void *owner, struct presence_room *room, bool keep_missing);
    /* What was said to the store may be lost: it is said again after the next whole truth. */
    void (*on_lost)(void *owner);
    /* PRESENCE_AWAY begins: nothing that is awaited comes any more. */
    void (*on_away)(void *owner);
    /* Whether connections of this node have entries in it. */
    bool (*has_seats)(void *owner, const struct presence_room *room);
    /* Whether no member of it is known. */
    bool (*is_empty)(void *owner, const struct presence_room *room);
};

struct presence_store_ops {
    enum presence_reach (*reach)(const struct presence_store *s);
    /* Follow channel; its events come for room. */
    struct presence_track *(*watch)(
        struct presence_store *s, struct bytes *channel, struct presence_room *room);
    void (*unwatch)(struct presence_store *s, struct presence_track *t);
    /* Say the whole truth; called once, after watch(). */
    void (*load)(struct presence_store *s, struct presence_track *t);
    /* A connection of this node came or went; idempotent.  False: it was not passed on. */
    bool (*enter)(
        struct presence_store *s, struct presence_track *t, const struct replica_item *item);
    bool (*leave)(struct presence_store *s, struct presence_track *t, struct str conn);
    void (*free)(struct presence_store *s);
};

struct presence_store {
    const struct presence_store_ops *ops;
    const struct presence_events *events; /* set by presence_new() */
    void *owner;
};

#endif
