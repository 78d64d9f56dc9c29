/* SPDX-License-Identifier: MIT */
/*
 * hub: the thread that sees the whole node: Redis, the registry of channels, and what is published
 * by any worker.  It encodes each event once and posts it to the workers that have listeners.
 *
 * Made by the main thread before any thread runs; then it lives on its own loop's thread.  Workers
 * reach it through hub_link alone.
 */
#ifndef HUB_HUB_H
#define HUB_HUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster/cluster.h"

struct hub;
struct loop;
struct mailbox;

enum { HUB_WORKERS_MAX = 256 };

struct hub_options {
    unsigned workers;
    bool dev_mode;           /* log each event, and what was ignored */
    size_t mailbox_bytes;    /* limit of each mailbox */
    uint64_t leave_grace_ms; /* a member that returns within it never left */
    /* Redis and the other nodes; with neither events nor presence there are none, and members are
     * kept in memory.  on_redis is called on the hub's thread. */
    struct cluster_options cluster;
};

/* o is copied. */
struct hub *hub_open(struct loop *l, const struct hub_options *o);

/*
 * From any thread, before the workers are told to end: the members of this node are on their way
 * to other nodes, so their departures are not announced; the nodes that stay announce those that
 * are not back within the grace.
 */
void hub_retire(struct hub *h);
/*
 * From any thread: retire unless that was done, close Redis and the mailbox, and end the hub's
 * loop. Redis has a second to take the farewell.
 */
void hub_stop(struct hub *h);
/* After its thread ended and no link is left. */
void hub_free(struct hub *h);

/* For hub_link_open(), before the threads run: box takes the hub's messages to this worker. Returns
 * the hub's own mailbox. */
struct mailbox *hub_add_link(struct hub *h, unsigned worker, struct mailbox *box);
/* The limit of each mailbox. */
size_t hub_mailbox_bytes(const struct hub *h);

#endif
