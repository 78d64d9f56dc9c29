/* SPDX-License-Identifier: MIT */
/*
 * liveness: proves that the subscription to Redis still works, by publishing to an own internal
 * channel on a second link and waiting to hear it.  A PING would not do: it proves that a
 * connection answers, not that what is published arrives.
 *
 * It knows nothing of channels or sockets.  The hub's thread only.
 */
#ifndef CLUSTER_LIVENESS_H
#define CLUSTER_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct liveness;
struct loop;
struct redis_link;
struct redis_options;

struct liveness_options {
    const struct redis_options *redis;
    struct str channel; /* whole name, prefix included; copied */
    uint64_t beat_ms, silence_ms;
};

struct liveness_handlers {
    /* A beat was published and not heard within silence_ms. */
    void (*on_silent)(void *owner);
    /* The link for commands is ready, or is not any more (or cannot be reached). */
    void (*on_commands)(void *owner, bool ready);
};

struct liveness *liveness_open(struct loop *l, const struct liveness_options *o,
    const struct liveness_handlers *h, void *owner);
void liveness_close(struct liveness *v);

/* The link that publishes; it is watched, so others send their commands on it too. */
struct redis_link *liveness_commands(const struct liveness *v);

/* Whether beats should be heard at the moment: subscribed, and reading. */
void liveness_watch(struct liveness *v, bool listening);
/* Something came through the subscription. */
void liveness_heard(struct liveness *v);

#endif
