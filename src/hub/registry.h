/* SPDX-License-Identifier: MIT */
/*
 * registry: the channels of this node: how many sockets of each worker are in each.  Every join
 * and every leave is counted; a channel without listeners is forgotten.  The hub's thread only.
 *
 * A hold makes a worker a listener before its join is known here: its socket was told that it is
 * in the channel, and the join is on its way.
 */
#ifndef HUB_REGISTRY_H
#define HUB_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "cluster/cluster.h"

struct bytes;
struct registry;

struct registry_channel {
    struct bytes *name;
    uint64_t sockets;     /* of all workers */
    uint64_t listeners;   /* sockets and holds */
    uint32_t of_worker[]; /* sockets and holds, by worker */
};

struct registry *registry_new(unsigned workers);
void registry_free(struct registry *r);

/* name is referenced by the channel's first join.  True: it is the channel's first listener. */
bool registry_join(struct registry *r, struct bytes *name, unsigned worker);
/* One for each join.  True: it was the last listener. */
bool registry_leave(struct registry *r, struct bytes *name, unsigned worker);
/* The same for a hold. */
bool registry_hold(struct registry *r, struct bytes *name, unsigned worker);
bool registry_release(struct registry *r, struct bytes *name, unsigned worker);
/* NULL: it has no listener.  Valid until the next leave or release. */
const struct registry_channel *registry_find(const struct registry *r, struct str name);
/* Every channel, in no order: `for (size_t i = 0; (c = registry_next(r, &i));)`. */
const struct registry_channel *registry_next(const struct registry *r, size_t *cursor);
/* Every channel, for cluster; r must outlive it. */
struct cluster_channels registry_as_channels(const struct registry *r);

#endif
