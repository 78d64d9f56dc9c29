/* SPDX-License-Identifier: MIT */
/*
 * strange_prefix: finds the most common mistake of a set-up, a keyPrefix that is not what the
 * application puts before its channels: clients connect, and no event arrives.  It looks for events
 * whose channel is one that clients subscribed to, under another prefix, and says in the log which
 * prefix was seen and which is set, once for each.  It delivers nothing.  The hub's thread only.
 *
 * An event under our own prefix that a client gets proves the prefix: the subscriber then closes
 * this for good, so a server that works pays nothing.  Until then it sees
 *
 *   - what the subscription brings and no client here listens to, which is all there is when
 * keyPrefix is empty, and longer prefixes otherwise;
 *   - with a keyPrefix, on a connection of its own, the channels that end with the names of a few
 *     subscribed ones: PSUBSCRIBE *<name>.
 *
 * PSUBSCRIBE * would show everything, but then every message of every application on that Redis is
 * sent here, and foreign traffic is normal.  A pattern of a name brings next to nothing, and costs
 * Redis 0.17 us for each PUBLISH: hence eight at a time, other ones each minute, and after ten
 * minutes only in one minute of ten.  What comes is looked at up to a rate; past it the names are
 * given up until the minute is over.  They are not subscribed to on the subscriber's own link:
 * there a message under our prefix would come twice.
 */
#ifndef CLUSTER_STRANGE_PREFIX_H
#define CLUSTER_STRANGE_PREFIX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct cluster_channels;
struct loop;
struct redis_options;
struct strange_prefix;

struct strange_prefix_options {
    const struct redis_options *redis;
    const char *prefix; /* "" when none */
    uint64_t tick_ms;   /* names are chosen once in it, sixty are a turn; 0: 1 s */
};

/* o and channels are used for the call; the owner of channels must outlive this. */
struct strange_prefix *strange_prefix_open(struct loop *l, const struct strange_prefix_options *o,
    const struct cluster_channels *channels);
/* NULL is fine. */
void strange_prefix_close(struct strange_prefix *p);

/* Whether the subscription to our own prefix works: only then is an event missed. */
void strange_prefix_watch(struct strange_prefix *p, bool subscribed);
/* The subscription brought this, and no client here listens to it; name is whole. */
void strange_prefix_look(struct strange_prefix *p, struct str name, struct str payload);

#endif
