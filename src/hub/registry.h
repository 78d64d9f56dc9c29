/* SPDX-License-Identifier: MIT */
/*
 * registry: the channels of this node: how many sockets of each worker are in each.  Every join
 * and every leave is counted; a channel without a socket is forgotten.  The hub's thread only.
 */
#ifndef HUB_REGISTRY_H
#define HUB_REGISTRY_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct bytes;
struct registry;

struct registry_channel {
    struct bytes *name;
    uint64_t sockets;     /* of all workers */
    uint32_t of_worker[]; /* sockets, by worker */
};

struct registry *registry_new(unsigned workers);
void registry_free(struct registry *r);

/* name is referenced by the channel's first join. */
void registry_join(struct registry *r, struct bytes *name, unsigned worker);
/* One for each join. */
void registry_leave(struct registry *r, struct bytes *name, unsigned worker);
/* NULL: no socket is in it.  Valid until the next leave. */
const struct registry_channel *registry_find(const struct registry *r, struct str name);
size_t registry_count(const struct registry *r);

#endif
