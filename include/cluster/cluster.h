/* SPDX-License-Identifier: MIT */
/*
 * cluster: this node's place among those that share its Redis and its prefix: the subscriber, and
 * on its connections the lease, the relay and the store of members.  The hub's thread only.
 */
#ifndef CLUSTER_CLUSTER_H
#define CLUSTER_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "redis/redis_link.h"

struct bytes;
struct cluster;
struct loop;
struct presence_store;

struct cluster_options {
    struct redis_options redis;
    const char *key_prefix; /* "" when none */
    bool events;            /* subscribers.redis: what applications publish is subscribed to */
    bool presence;          /* members are kept in Redis, shared by all nodes */
    bool members_key;       /* write <prefix><channel>:members for applications */
    bool publish_presence;  /* publish PresenceChannelUpdated with each change */
    uint64_t beat_ms;       /* between proofs of life of the subscription; 0: 5 s */
    uint64_t silence_ms;    /* without one it reconnects; 0: 10 s */
    uint64_t lease_ms;      /* a node that is silent for so long is dead; 0: 9 s */
    /* Once for each change: Redis answers (down NULL), or why it does not.  May be NULL. */
    void (*on_redis)(void *owner, const char *down);
    void *owner;
};

/* The channels that clients of this node are subscribed to. */
struct cluster_channels {
    bool (*has)(const void *owner, struct str name);
    /* One a call, in no order, from *cursor 0 on; name is borrowed.  False: that was the last. */
    bool (*next)(const void *owner, size_t *cursor, struct str *name);
    const void *owner;
};

/* Takes events for the clients of this node. */
struct cluster_events {
    /* An application published.  True: it was an event, and it has listeners here. */
    bool (*on_event)(void *owner, struct str channel, struct str payload);
    /* Another node encoded text, "42[...]"; except is a socket that does not get it, or empty. */
    void (*on_relayed)(void *owner, struct str channel, struct str text, struct str except);
    void *owner;
};

/* Where a question of another node goes back to, and what it is. */
struct cluster_question {
    struct str from;
    uint64_t token;
    uint64_t kind; /* the asker's word for it */
    struct str name;
};

/* Answers what other nodes ask, and takes what they answer. */
struct cluster_respondent {
    void (*on_question)(void *owner, const struct cluster_question *q);
    void (*on_answer)(void *owner, uint64_t token, struct str body);
    void *owner;
};

/* This process' name, what its clients listen to, and the receivers of what comes. */
struct cluster_place {
    struct str node;
    struct cluster_channels channels;
    struct cluster_events events;
    struct cluster_respondent respondent;
};

/*
 * o is used for the call, but for on_redis and its owner; node is copied, and the owners that place
 * names must outlive it.  on_retired: what cluster_retire() asked for took effect, as far as it
 * can.
 */
struct cluster *cluster_open(struct loop *l, const struct cluster_options *o,
    const struct cluster_place *place, void (*on_retired)(void *owner), void *owner);
/* The store must have been freed by its owner.  NULL is fine. */
void cluster_close(struct cluster *c);

/* The members' store, to be taken over; NULL unless o->presence. */
struct presence_store *cluster_store(struct cluster *c);

/* Stop and resume reading what Redis sends. */
void cluster_pause(struct cluster *c);
void cluster_resume(struct cluster *c);

bool cluster_is_connected(const struct cluster *c);
/* Other nodes that are known to be alive. */
size_t cluster_peers(const struct cluster *c);
/* There is none, according to Redis; until Redis has answered there may be one. */
bool cluster_is_alone(const struct cluster *c);
/* To the listeners on all other nodes; costs nothing when there are none. */
void cluster_say(struct cluster *c, struct str channel, struct bytes *text, struct str except);
/* False: no other node is asked. */
bool cluster_ask(struct cluster *c, uint64_t token, uint64_t kind, struct str name);
void cluster_answer(struct cluster *c, const struct cluster_question *q, struct str body);

/*
 * Leave in an orderly way: members stay for 10 s, or grace_ms if that is longer, so that the others
 * see which come back; or go at once when there are no others.  on_retired follows.
 */
void cluster_retire(struct cluster *c, uint64_t grace_ms);

#endif
