/* SPDX-License-Identifier: MIT */
/*
 * presence_redis: what this node says to Redis, and what is said again when it comes back.
 *
 * A node's set of channels is added to before its first entry of a channel is, and taken from
 * after the last write about it: whatever a node leaves behind, its set names it.
 */
#include "presence_redis.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "presence_track.h"
#include "redis/redis_link.h"
#include "scripts.h"

/* Changes within it are one write of the members key; the first is published at once, if that is
 * wanted, and what the others come to at its end.  Each of these calls goes through all members. */
enum { COALESCE_MS = 500 };

static struct presence_redis *
store_of(struct presence_store *s)
{
    return CONTAINER_OF(s, struct presence_redis, base);
}

/* ---- this node's set, and the members key ---- */

static void
store_claim(struct presence_track *t, bool claimed)
{
    struct presence_redis *s = t->store;
    const struct str argv[] = { str_of(claimed ? "SADD" : "SREM"), buffer_str(&s->claims),
        bytes_str(t->channel) };

    t->claimed = redis_link_command(s->commands, argv, COUNT_OF(argv), NULL, NULL) && claimed;
}

static bool
store_has_seats(const struct presence_track *t)
{
    return t->room && t->store->base.events->has_seats(t->store->base.owner, t->room);
}

/* The flush timer's; t may be gone when this returns. */
static void
store_flush(void *track)
{
    struct presence_track *t = track;
    struct presence_redis *s = t->store;

    timer_stop(&t->flush);
    if (s->reach == PRESENCE_REACHED) { /* else: on return */
        scripts_write_members(s->scripts, bytes_str(t->channel));
        if (t->unpublished)
            scripts_publish_members(s->scripts, bytes_str(t->channel));
        t->unpublished = false;
        if (!store_has_seats(t))
            store_claim(t, false);
    }
    if (!t->room)
        presence_track_free(t);
}

static void
store_flush_soon(struct presence_track *t)
{
    if (!timer_active(&t->flush))
        timer_start(t->store->loop, &t->flush, COALESCE_MS);
}

/* This node said a change. */
static void
store_changed(struct presence_track *t)
{
    if (timer_active(&t->flush))
        t->unpublished = true;
    else
        scripts_publish_members(t->store->scripts, bytes_str(t->channel));
    store_flush_soon(t);
}

/* ---- what this node does ---- */

static enum presence_reach
store_reach(const struct presence_store *base)
{
    return CONTAINER_OF(base, const struct presence_redis, base)->reach;
}

static struct presence_track *
store_watch(struct presence_store *base, struct bytes *channel, struct presence_room *room)
{
    struct presence_redis *s = store_of(base);
    struct presence_track *t = map_get(&s->tracks, bytes_str(channel));

    if (!t)
        t = presence_track_new(s, channel, store_flush);
    ENSURE(!t->room);
    t->room = room;
    return t;
}

static void
store_unwatch(struct presence_store *base, struct presence_track *t)
{
    ENSURE(t->store == store_of(base) && t->room);
    presence_track_idle(t);
    t->room = NULL;
    if (!timer_active(&t->flush))
        presence_track_free(t);
}

static void
store_load(struct presence_store *base, struct presence_track *t)
{
    if (store_of(base)->reach == PRESENCE_REACHED)
        presence_track_ask(t, false);
}

static bool
store_enter(struct presence_store *base, struct presence_track *t, const struct replica_item *item)
{
    struct presence_redis *s = store_of(base);

    if (s->reach != PRESENCE_REACHED)
        return false;
    if (!t->claimed)
        store_claim(t, true);
    if (!scripts_enter(s->scripts, bytes_str(t->channel), item))
        return false;
    store_changed(t);
    return true;
}

static bool
store_leave(struct presence_store *base, struct presence_track *t, struct str conn)
{
    struct presence_redis *s = store_of(base);

    if (s->reach != PRESENCE_REACHED || !scripts_leave(s->scripts, bytes_str(t->channel), conn))
        return false;
    store_changed(t);
    return true;
}

static void
store_free(struct presence_store *base)
{
    struct presence_redis *s = store_of(base);
    struct presence_track *t;

    for (size_t i = 0; (t = map_next(&s->tracks, &i));)
        presence_track_free(t);
    presence_track_drop_loads(s);
    map_fini(&s->tracks);
    buffer_fini(&s->claims);
    free(s);
}

struct presence_store *
presence_redis_new(
    struct loop *l, struct redis_link *commands, struct scripts *scripts, struct str node)
{
    static const struct presence_store_ops ops = {
        .reach = store_reach,
        .watch = store_watch,
        .unwatch = store_unwatch,
        .load = store_load,
        .enter = store_enter,
        .leave = store_leave,
        .free = store_free,
    };
    struct presence_redis *s = mem_zalloc(sizeof(*s));

    s->base.ops = &ops;
    s->loop = l;
    s->commands = commands;
    s->scripts = scripts;
    scripts_key_node(scripts, node, &s->claims);
    list_init(&s->loads);
    return &s->base;
}

/* ---- what the cluster says ---- */

void
presence_redis_again(struct presence_store *base)
{
    struct presence_redis *s = store_of(base);
    struct presence_track *t;

    if (s->reach != PRESENCE_REACHED)
        return;
    s->base.events->on_lost(s->base.owner);
    for (size_t i = 0; (t = map_next(&s->tracks, &i));) {
        t->claimed = false;
        if (store_has_seats(t)) {
            store_claim(t, true);
            store_flush_soon(t);
        }
        if (t->room)
            presence_track_ask(t, !s->base.events->is_empty(s->base.owner, t->room));
    }
}

void
presence_redis_up(struct presence_store *base)
{
    store_of(base)->reach = PRESENCE_REACHED;
    presence_redis_again(base);
}

void
presence_redis_down(struct presence_store *base)
{
    struct presence_redis *s = store_of(base);
    struct presence_track *t;

    if (s->reach == PRESENCE_AWAY)
        return;
    s->reach = PRESENCE_AWAY;
    for (size_t i = 0; (t = map_next(&s->tracks, &i));)
        presence_track_idle(t);
    s->base.events->on_away(s->base.owner);
}

void
presence_redis_change(struct presence_store *base, struct str channel, struct str payload)
{
    struct presence_track *t = map_get(&store_of(base)->tracks, channel);

    if (t)
        presence_track_change(t, payload);
}

bool
presence_redis_claims(const struct presence_store *base, struct str channel)
{
    const struct presence_redis *s = CONTAINER_OF(base, const struct presence_redis, base);
    const struct presence_track *t = map_get(&s->tracks, channel);

    return t && (t->claimed || store_has_seats(t));
}

void
presence_redis_flush(struct presence_store *base)
{
    struct presence_track *t;

    for (size_t i = 0; (t = map_next(&store_of(base)->tracks, &i));) {
        if (timer_active(&t->flush))
            store_flush(t);
    }
}
