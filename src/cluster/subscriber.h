/* SPDX-License-Identifier: MIT */
/*
 * subscriber: PSUBSCRIBE <prefix>* and what comes of it: the prefix cut off, this project's own
 * names taken out, the state of Redis said once for each change.  Both links are restarted when a
 * beat shows that one of them does not work any more.  The hub's thread only.
 */
#ifndef CLUSTER_SUBSCRIBER_H
#define CLUSTER_SUBSCRIBER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct cluster_options;
struct cluster_place;
struct loop;
struct redis_link;
struct subscriber;

struct subscriber_handlers {
    /* Something published under "<prefix>echo-server:", without that: nodes speak to each other. */
    void (*on_internal)(void *owner, struct str name, struct str payload);
    /* The subscription took effect (down NULL), or why it is lost, or cannot be had. */
    void (*on_subscribed)(void *owner, const char *down);
};

/* What applications publish goes to place->events, unless o->events is false; the rest to h.  o and
 * place are used for the call; commands, which carries the beats, is closed before this. */
struct subscriber *subscriber_open(struct loop *l, struct redis_link *commands,
    const struct cluster_options *o, const struct cluster_place *place,
    const struct subscriber_handlers *h, void *owner);
void subscriber_close(struct subscriber *s);

/* Stop and resume reading what Redis sends; not nested. */
void subscriber_pause(struct subscriber *s);
void subscriber_resume(struct subscriber *s);

#endif
