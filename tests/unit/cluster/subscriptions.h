/* SPDX-License-Identifier: MIT */
/*
 * subscriptions: the channels that clients of this node are subscribed to, as a test says. Included
 * by one test file each.
 */
#ifndef TEST_CLUSTER_SUBSCRIPTIONS_H
#define TEST_CLUSTER_SUBSCRIPTIONS_H

#include <stdio.h>

#include "cluster/cluster.h"

enum { SUBSCRIPTIONS_MAX = 16 };

static char subscriptions[SUBSCRIPTIONS_MAX][256];
static size_t subscription_count; /* a test begins with none */

static inline void
subscribe(const char *channel)
{
    assert_true(subscription_count < SUBSCRIPTIONS_MAX);
    snprintf(subscriptions[subscription_count++], sizeof(subscriptions[0]), "%s", channel);
}

static inline bool
is_subscription(const void *owner, struct str name)
{
    (void)owner;
    for (size_t i = 0; i < subscription_count; i++) {
        if (str_is(name, subscriptions[i]))
            return true;
    }
    return false;
}

static inline bool
next_subscription(const void *owner, size_t *cursor, struct str *name)
{
    (void)owner;
    if (*cursor == subscription_count)
        return false;
    *name = str_of(subscriptions[(*cursor)++]);
    return true;
}

static const struct cluster_channels subscribed_channels = { is_subscription, next_subscription,
    NULL };

#endif
