/* SPDX-License-Identifier: MIT */
/*
 * subscriber: PSUBSCRIBE <prefix>* and what comes of it: the prefix cut off, this project's own
 * names taken out, the state of Redis said once for each change.  The hub's thread only.
 */
#ifndef HUB_SUBSCRIBER_H
#define HUB_SUBSCRIBER_H

#include <stdint.h>

#include "base/str.h"

struct hub_options;
struct loop;
struct subscriber;

/* on_event: something published under the prefix; channel without it; both borrowed. */
struct subscriber *subscriber_open(struct loop *l, const struct hub_options *o,
    void (*on_event)(void *owner, struct str channel, struct str payload), void *owner);
void subscriber_close(struct subscriber *s);

/* Stop and resume reading what Redis sends; not nested. */
void subscriber_pause(struct subscriber *s);
void subscriber_resume(struct subscriber *s);

#endif
