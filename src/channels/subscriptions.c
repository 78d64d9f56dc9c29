/* SPDX-License-Identifier: MIT */
/*
 * subscriptions: the few of most clients are compared one after another; many have a map.
 */
#include "subscriptions.h"

#include <stdlib.h>

#include "base/ensure.h"
#include "base/map.h"
#include "base/mem.h"
#include "channels_priv.h"

/* More have a map, until they are half as many. */
enum { COMPARED_MAX = 16 };

struct str
subscriptions_name(const struct subscription *s)
{
    return str_slice(s->name, s->name_len);
}

struct subscription *
subscriptions_find(const struct subscriber *c, struct str channel)
{
    if (c->by_name)
        return map_get(c->by_name, channel);
    LIST_EACH(node, &c->subscriptions) {
        struct subscription *s = LIST_ENTRY(node, struct subscription, node);

        if (str_equal(subscriptions_name(s), channel))
            return s;
    }
    return NULL;
}

static void
subscriptions_map(struct subscriber *c)
{
    c->by_name = mem_zalloc(sizeof(*c->by_name));
    LIST_EACH(node, &c->subscriptions) {
        struct subscription *s = LIST_ENTRY(node, struct subscription, node);

        ENSURE(!map_put(c->by_name, subscriptions_name(s), s));
    }
}

void
subscriptions_add(struct subscriber *c, struct subscription *s)
{
    list_append(&c->subscriptions, &s->node);
    c->subscription_count++;
    if (c->by_name)
        ENSURE(!map_put(c->by_name, subscriptions_name(s), s));
    else if (c->subscription_count > COMPARED_MAX)
        subscriptions_map(c);
}

void
subscriptions_remove(struct subscriber *c, struct subscription *s)
{
    ENSURE(c->subscription_count > 0);
    list_remove(&s->node);
    c->subscription_count--;
    if (!c->by_name)
        return;
    ENSURE(map_remove(c->by_name, subscriptions_name(s)) == s);
    if (c->subscription_count > COMPARED_MAX / 2)
        return;
    map_fini(c->by_name);
    free(c->by_name);
    c->by_name = NULL;
}
