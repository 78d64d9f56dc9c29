/* SPDX-License-Identifier: MIT */
/*
 * dispatch: events to the workers that have listeners, wherever they come from, and to the other
 * nodes when they come from a client of this one.  Each is encoded once.  The hub's thread only.
 */
#ifndef HUB_DISPATCH_H
#define HUB_DISPATCH_H

#include <stdbool.h>

#include "base/str.h"
#include "cluster/cluster.h"

struct bytes;
struct dispatch;
struct hub_event;
struct outbox;
struct registry;

/* r and o must outlive it.  dev_mode: log each event, and what was ignored. */
struct dispatch *dispatch_new(const struct registry *r, struct outbox *o, bool dev_mode);
void dispatch_free(struct dispatch *d);
/* The other nodes; NULL: there are none, or none any more. */
void dispatch_attach(struct dispatch *d, struct cluster *c);

/* What comes through Redis. */
struct cluster_events dispatch_as_events(struct dispatch *d);
/* What a client of the HTTP API published. */
void dispatch_api(struct dispatch *d, const struct hub_event *e);
/* A client event; except is the sender. */
void dispatch_whisper(
    struct dispatch *d, struct str channel, struct bytes *text, struct bytes *except);
/* To listeners on this node alone; except NULL: to all of them. */
void dispatch_local(
    struct dispatch *d, struct str channel, struct bytes *text, struct bytes *except);

#endif
