/* SPDX-License-Identifier: MIT */
/*
 * presence_memory: a store that repeats what is said to it.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "presence/presence_store.h"
#include "presence_priv.h"

struct presence_track {
    struct presence_room *room;
};

static enum presence_reach
memory_reach(const struct presence_store *s)
{
    (void)s;
    return PRESENCE_REACHED;
}

static struct presence_track *
memory_watch(struct presence_store *s, struct bytes *channel, struct presence_room *room)
{
    struct presence_track *t = mem_zalloc(sizeof(*t));

    (void)s;
    (void)channel;
    t->room = room;
    return t;
}

static void
memory_unwatch(struct presence_store *s, struct presence_track *t)
{
    (void)s;
    free(t);
}

static void
memory_load(struct presence_store *s, struct presence_track *t)
{
    s->events->on_begin(s->owner, t->room);
    s->events->on_end(s->owner, t->room, true);
}

static bool
memory_enter(struct presence_store *s, struct presence_track *t, const struct replica_item *item)
{
    s->events->on_enter(s->owner, t->room, item);
    return true;
}

static bool
memory_leave(struct presence_store *s, struct presence_track *t, struct str conn)
{
    s->events->on_leave(s->owner, t->room, conn);
    return true;
}

static void
memory_free(struct presence_store *s)
{
    free(s);
}

struct presence_store *
presence_memory_new(void)
{
    static const struct presence_store_ops ops = {
        .reach = memory_reach,
        .watch = memory_watch,
        .unwatch = memory_unwatch,
        .load = memory_load,
        .enter = memory_enter,
        .leave = memory_leave,
        .free = memory_free,
    };
    struct presence_store *s = mem_zalloc(sizeof(*s));

    s->ops = &ops;
    return s;
}
