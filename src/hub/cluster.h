/* SPDX-License-Identifier: MIT */
/*
 * cluster: this node's place among those that share its Redis and its prefix: the subscriber, and
 * on its connections the lease, the relay and the store of members.  The hub's thread only.
 */
#ifndef HUB_CLUSTER_H
#define HUB_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "relay.h"

struct bytes;
struct cluster;
struct hub_options;
struct loop;
struct presence_store;
struct registry;

/* Who this process is, and what it listens to. */
struct cluster_place {
    struct str node;
    const struct registry *registry;
};

struct cluster_handlers {
    /* An application published.  True: it was an event, and it has listeners here. */
    bool (*on_event)(void *owner, struct str channel, struct str payload);
    /* Another node says. */
    void (*on_relayed)(void *owner, struct str channel, struct str text, struct str except);
    void (*on_question)(void *owner, const struct relay_question *q);
    void (*on_answer)(void *owner, struct str from, uint64_t token, struct str body);
    /* cluster_retire() took effect, as far as it can. */
    void (*on_retired)(void *owner);
};

/* node is copied. */
struct cluster *cluster_open(struct loop *l, const struct hub_options *o,
    const struct cluster_place *place, const struct cluster_handlers *h, void *owner);
/* The store must have been freed by its owner.  NULL is fine. */
void cluster_close(struct cluster *c);

/* The members' store, to be taken over; NULL unless o->presence_redis. */
struct presence_store *cluster_store(struct cluster *c);

/* Stop and resume reading what Redis sends. */
void cluster_pause(struct cluster *c);
void cluster_resume(struct cluster *c);

bool cluster_is_connected(const struct cluster *c);
/* Other nodes that are known to live. */
size_t cluster_peers(const struct cluster *c);
/* There is none, as far as Redis told; before it did there may be one. */
bool cluster_is_alone(const struct cluster *c);
/* To the listeners on all other nodes; costs nothing when there are none. */
void cluster_say(struct cluster *c, struct str channel, struct bytes *text, struct str except);
/* False: nobody is asked. */
bool cluster_ask(struct cluster *c, uint64_t token, uint64_t kind, struct str name);
void cluster_answer(struct cluster *c, const struct relay_question *q, struct str body);

/*
 * Leave in an orderly way: members stay for 10 s, or leaveGrace if that is longer, for the others
 * to see who comes back; or go at once when there are no others.  on_retired follows.
 */
void cluster_retire(struct cluster *c);

#endif
