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

enum { HUB_WORKERS_MAX = 256 };

struct hub_options {
    unsigned workers;
    bool dev_mode;           /* log each event, and what was ignored */
    size_t mailbox_bytes;    /* limit of each mailbox */
    uint64_t leave_grace_ms; /* who returns within it never left */
    /* Redis and the other nodes; without its events and its presence there are none, and members
     * are in memory.  on_redis is called on the hub's thread. */
    struct cluster_options cluster;
};

/* o is copied. */
struct hub *hub_open(struct loop *l, const struct hub_options *o);

/*
 * From any thread, before the workers are told to end: the members of this node are on their way
 * to other nodes, so their departures are announced to nobody; those who are not back within the
 * grace are announced by the nodes that stay.
 */
void hub_retire(struct hub *h);
/*
 * From any thread: close Redis and the mailbox, and end the hub's loop.  Retires first when
 * nobody asked for it; Redis has a second to take what is being said.
 */
void hub_stop(struct hub *h);
/* After its thread ended and no link is left. */
void hub_free(struct hub *h);

#endif
