/* SPDX-License-Identifier: MIT */
/*
 * presence_track: one channel in Redis as this node follows it: the whole list when that is needed,
 * and then the changes in the order of their versions.  What it learns goes to the store's events.
 */
#ifndef CLUSTER_PRESENCE_TRACK_H
#define CLUSTER_PRESENCE_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/map.h"
#include "net/timer.h"
#include "presence/presence_store.h"
#include "presence_redis.h"

struct presence_track_load;

struct presence_redis {
    struct presence_store base;
    struct loop *loop;
    struct redis_link *commands;
    struct scripts *scripts;
    struct buffer claims; /* the key of this node's set */
    enum presence_reach reach;
    struct map tracks; /* channel -> struct presence_track, owned */
    struct list loads; /* struct presence_track_load: lists that are asked for */
};

/*
 *   IDLE --list asked for--> LOADING --list came--> LIVE --version missed--> LOADING
 *    ^                          |                    |
 *    `----------- Redis away ---`--------------------'
 *
 * IDLE     nothing is known; changes are ignored.
 * LOADING  changes wait: the list comes on another connection, so they may be older or newer.
 * LIVE     changes are applied in the order of their versions.
 */
enum presence_track_state { PRESENCE_TRACK_IDLE, PRESENCE_TRACK_LOADING, PRESENCE_TRACK_LIVE };

/*
 * Watched (room), or waiting to be written (flush), or both.  Invariants: a load exactly while
 * LOADING; a room unless IDLE; the doubt's timer runs in LIVE only.
 */
struct presence_track {
    struct presence_redis *store;
    struct presence_room *room;
    struct bytes *channel;
    enum presence_track_state state;
    uint64_t version;
    struct presence_track_load *load;
    bool claimed;     /* the node's set has it */
    bool unpublished; /* it has changed since its members were published; flush is running */
    struct list waiting;
    size_t waiting_count; /* more than may wait: they were dropped, the list is asked for again */
    struct timer flush, doubt;
};

/* on_flush is called by the flush timer. */
struct presence_track *presence_track_new(
    struct presence_redis *s, struct bytes *channel, void (*on_flush)(void *track));
void presence_track_free(struct presence_track *t);
/* Nothing is known any more. */
void presence_track_idle(struct presence_track *t);
/* Read the whole truth; doubtful: what it lacks stays for a while. */
void presence_track_ask(struct presence_track *t, bool doubtful);
/* A change was published. */
void presence_track_change(struct presence_track *t, struct str payload);
/* The store ends: forget the lists that are asked for. */
void presence_track_drop_loads(struct presence_redis *s);

#endif
