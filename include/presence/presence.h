/* SPDX-License-Identifier: MIT */
/*
 * presence: the presence channels that this node has anything to do with: its own members (seats),
 * a replica of all nodes' members, and those who wait for a list.
 *
 *   a worker: enter --> seat --> store --> ... --> replica --> joining to the listeners
 *                                                     `------> list to the asker, in its turn
 *
 * Changes come from the store alone, in its order, this node's own too.  While the store is away
 * they are made here, and said to the store when it returns.  The hub's thread only.
 */
#ifndef PRESENCE_PRESENCE_H
#define PRESENCE_PRESENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct bytes;
struct loop;
struct presence;
struct presence_store;
struct replica;

/* One socket's membership of a presence channel. */
struct presence_member {
    struct str channel;
    struct str id;   /* the socket's public id */
    struct str user; /* which user: the digits of a number, the content of a string */
    struct str data; /* raw JSON object: the application's member with "socketId" */
};

struct presence_handlers {
    /* text to every listener of channel on this node. */
    void (*on_event)(void *owner, struct str channel, struct bytes *text);
    /* The list that was asked for. */
    void (*on_list)(void *owner, unsigned worker, uint32_t token, struct bytes *text);
    /* From its list on to its departure a member listens, whatever its worker knows by now. */
    void (*on_listening)(void *owner, struct bytes *channel, unsigned worker, bool on);
    /* Lists wait for presence_resume(): a worker lags behind. */
    bool (*is_full)(void *owner);
};

struct presence_options {
    struct str node;   /* this node's name; "<node>/" begins the names of its connections */
    uint64_t grace_ms; /* leaveGrace */
    struct presence_store *store; /* owned from here on; NULL: in this process */
};

struct presence *presence_new(struct loop *l, const struct presence_options *o,
    const struct presence_handlers *h, void *owner);
/* NULL is fine. */
void presence_free(struct presence *p);

/* "presence-" at the start of the name. */
bool presence_is(struct str channel);
/* The first listener came (or the last one went) on this node. */
void presence_listen(struct presence *p, struct bytes *channel, bool on);

/* m is copied.  on_list follows. */
void presence_enter(
    struct presence *p, unsigned worker, uint32_t token, const struct presence_member *m);
void presence_depart(struct presence *p, struct str channel, struct str id);
/* on_list follows. */
void presence_list(struct presence *p, unsigned worker, uint32_t token, struct str channel);
/* The replica, once it is known: perhaps before this returns. */
void presence_read(struct presence *p, struct str channel,
    void (*on_read)(void *owner, struct replica *r), void *owner);
/* The workers caught up. */
void presence_resume(struct presence *p);

/* Members stay in the store, whatever becomes of them here, and nothing is announced any more. */
void presence_retire(struct presence *p);

#endif
