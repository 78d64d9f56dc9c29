/* SPDX-License-Identifier: MIT */
/*
 * redis_cluster: the masters of a Redis Cluster, a contact to each, and commands on their way to
 * the owner of their key.  When slots move, commands wait until the new order is known, and keep
 * their own; when a master is lost, all is lost at once, since its owner then begins anew anyway.
 * Belongs to one loop.
 */
#ifndef REDIS_REDIS_CLUSTER_H
#define REDIS_REDIS_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct loop;
struct redis_cluster;
struct redis_settings;
struct redis_value;

struct redis_cluster_handlers {
    /* Every master let us in. */
    void (*on_open)(void *owner);
    /* It is over, or never began; commands under way have been told.  Called once, at the end
     * of a turn; the owner closes the cluster. */
    void (*on_lost)(void *owner, const char *reason);
};

struct redis_cluster_options {
    const struct redis_value *slots; /* answer to CLUSTER SLOTS, borrowed for the call */
    const char *host;                /* of the node that answered */
};

/* s must outlive it. */
struct redis_cluster *redis_cluster_open(struct loop *l, struct redis_settings *s,
    const struct redis_cluster_options *o, const struct redis_cluster_handlers *h, void *owner);
/* No handler is called any more, and no on_reply.  NULL is fine. */
void redis_cluster_close(struct redis_cluster *c);
/* It is over: on_lost follows with this reason (copied), unless there was one before. */
void redis_cluster_fall(struct redis_cluster *c, const char *reason);

/* Whether commands are taken; they may wait. */
bool redis_cluster_is_open(const struct redis_cluster *c);
/* As redis_link_command(). */
MUST_USE bool redis_cluster_command(struct redis_cluster *c, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner);

#endif
