/* SPDX-License-Identifier: MIT */
/*
 * reaper: removes the entries of a node that is gone from every channel that its set names.  Any
 * number of nodes may do so at once: each entry is removed, and published, once.
 */
#ifndef CLUSTER_REAPER_H
#define CLUSTER_REAPER_H

#include <stdbool.h>

#include "base/str.h"

struct reaper;
struct redis_link;
struct scripts;

/* commands and scripts must outlive it.  on_idle: nothing is under way any more. */
struct reaper *reaper_new(struct redis_link *commands, struct scripts *scripts,
    void (*on_idle)(void *owner), void *owner);
void reaper_free(struct reaper *r);

/* lease: the node's member of the nodes' sorted set ("~" before it or not); removed at the end. */
void reaper_bury(struct reaper *r, struct str lease);
/* This node's own set: remove the channels that it does not claim (any more). */
void reaper_tidy(struct reaper *r, struct str node, bool (*claims)(void *owner, struct str channel),
    void *owner);
bool reaper_idle(const struct reaper *r);

#endif
