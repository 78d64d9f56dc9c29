/* SPDX-License-Identifier: MIT */
/*
 * presence_redis: what this node says to Redis, and what is said again when it comes back.
 *
 * A node's set of channels is added to before its first entry of a channel is, and taken from
 * behind the last write about it: whatever a node leaves behind, its set names it.
 */
#include "presence_redis.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "presence/replica.h"
#include "presence_redis_priv.h"
#include "redis/redis_link.h"
#include "scripts.h"

/* Nodes find Redis again within the longest back-off of a link, 2 s, of each other. */
enum { DOUBT_MS = 2500, COALESCE_MS = 500 };

static struct presence_redis *
store_of(struct presence_store *s)
{
    return CONTAINER_OF(s, struct presence_redis, base);
}

static struct str
name_of(const struct presence_track *t)
{
    return bytes_str(t->channel);
}

/* ---- this node's set ---- */

static void
change_claim(struct presence_track *t, const char *command, bool claimed)
{
    struct presence_redis *s = t->store;
    const struct str argv[] = { str_of(command), buffer_str(&s->claims), name_of(t) };

    t->claimed = redis_link_command(s->options.link, argv, COUNT_OF(argv), NULL, NULL) && claimed;
}

static bool
has_seats(const struct presence_track *t)
{
    return t->room && t->store->base.events->has_seats(t->store->base.owner, t->room);
}

static void
flush(struct presence_track *t)
{
    struct presence_redis *s = t->store;

    timer_stop(&t->flush);
    if (s->reach == PRESENCE_REACHED) {
        if (s->options.calls.members_key)
            (void)room_calls_write_members(&s->options.calls, name_of(t)); /* else: on return */
        if (!has_seats(t))
            change_claim(t, "SREM", false);
    }
    if (!t->room)
        presence_track_free(t);
}

static void
on_flush(void *owner)
{
    flush(owner);
}

static void
mark_dirty(struct presence_track *t)
{
    if (!timer_active(&t->flush))
        timer_start(t->store->loop, &t->flush, t->store->options.coalesce_ms);
}

static struct presence_track *
watch(struct presence_store *base, struct bytes *channel, struct presence_room *room)
{
    struct presence_redis *s = store_of(base);
    struct presence_track *t = map_get(&s->tracks, bytes_str(channel));

    if (!t)
        t = presence_track_new(s, channel, on_flush);
    t->room = room;
    return t;
}

static void
unwatch(struct presence_store *base, struct presence_track *t)
{
    (void)base;
    presence_track_idle(t);
    t->room = NULL;
    if (!timer_active(&t->flush))
        presence_track_free(t);
}

static void
load(struct presence_store *base, struct presence_track *t)
{
    if (store_of(base)->reach == PRESENCE_REACHED)
        presence_track_ask(t, false);
}

void
presence_redis_change(struct presence_store *base, struct str channel, struct str payload)
{
    struct presence_track *t = map_get(&store_of(base)->tracks, channel);

    if (t)
        presence_track_change(t, payload);
}

/* ---- what this node does ---- */

static void
did_change(struct presence_track *t)
{
    struct presence_redis *s = t->store;

    if (s->options.publish)
        (void)room_calls_publish_members(&s->options.calls, name_of(t)); /* the next one tells */
    mark_dirty(t);
}

static bool
say_enter(struct presence_store *base, struct presence_track *t, const struct replica_item *item)
{
    struct presence_redis *s = store_of(base);

    if (s->reach != PRESENCE_REACHED)
        return false;
    if (!t->claimed)
        change_claim(t, "SADD", true);
    if (!room_calls_enter(&s->options.calls, name_of(t), item))
        return false;
    did_change(t);
    return true;
}

static bool
say_leave(struct presence_store *base, struct presence_track *t, struct str conn)
{
    struct presence_redis *s = store_of(base);

    if (s->reach != PRESENCE_REACHED || !room_calls_leave(&s->options.calls, name_of(t), conn))
        return false;
    did_change(t);
    return true;
}

/* ---- the connection ---- */

static enum presence_reach
reach(const struct presence_store *base)
{
    return CONTAINER_OF(base, const struct presence_redis, base)->reach;
}

static void
begin_again(struct presence_track *t)
{
    struct presence_redis *s = t->store;

    t->claimed = false;
    if (!t->room)
        return;
    if (has_seats(t)) {
        change_claim(t, "SADD", true);
        mark_dirty(t);
    }
    presence_track_ask(t, !s->base.events->is_empty(s->base.owner, t->room));
}

void
presence_redis_again(struct presence_store *base)
{
    struct presence_redis *s = store_of(base);
    struct presence_track *t;

    if (s->reach != PRESENCE_REACHED)
        return;
    s->base.events->on_lost(s->base.owner);
    for (size_t i = 0; (t = map_next(&s->tracks, &i));)
        begin_again(t);
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

bool
presence_redis_claims(const struct presence_store *base, struct str channel)
{
    const struct presence_redis *s = CONTAINER_OF(base, const struct presence_redis, base);
    const struct presence_track *t = map_get(&s->tracks, channel);

    return t && (t->claimed || has_seats(t));
}

void
presence_redis_flush(struct presence_store *base)
{
    struct presence_redis *s = store_of(base);
    struct presence_track *t;

    for (size_t i = 0; (t = map_next(&s->tracks, &i));) {
        if (timer_active(&t->flush))
            flush(t);
    }
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

static const struct presence_store_ops ops = {
    .reach = reach,
    .watch = watch,
    .unwatch = unwatch,
    .load = load,
    .enter = say_enter,
    .leave = say_leave,
    .free = store_free,
};

struct presence_store *
presence_redis_new(struct loop *l, const struct presence_redis_options *o)
{
    struct presence_redis *s = mem_zalloc(sizeof(*s));

    s->base.ops = &ops;
    s->loop = l;
    s->options = *o;
    s->options.doubt_ms = o->doubt_ms > 0 ? o->doubt_ms : DOUBT_MS;
    s->options.coalesce_ms = o->coalesce_ms > 0 ? o->coalesce_ms : COALESCE_MS;
    scripts_key_node(o->calls.prefix, o->node, &s->claims);
    list_init(&s->loads);
    return &s->base;
}
