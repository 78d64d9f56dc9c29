/* SPDX-License-Identifier: MIT */
/*
 * cluster: who is told when a connection comes and goes.
 *
 *   commands ready:               scripts loaded, lease
 *   commands ready + subscribed:  presence by Redis, hello to the others
 */
#include "cluster/cluster.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/mem.h"
#include "lease.h"
#include "presence_redis.h"
#include "reaper.h"
#include "relay.h"
#include "scripts.h"
#include "subscriber.h"

/* Who is on the way to another node has so long at least. */
enum { HANDOVER_MS = 10000 };

struct cluster {
    void (*on_retired)(void *owner);
    void *owner;
    struct buffer prefix, node;
    struct subscriber *subscriber;
    struct scripts *scripts;
    struct lease *lease;
    struct reaper *reaper;
    struct relay *relay;
    struct presence_store *store; /* owned by presence; NULL without */
    bool commands, subscribed, up;
    void (*on_redis)(void *owner, const char *down); /* or NULL */
    void *on_redis_owner;
    bool farewell;    /* cluster_retire() was called: nothing is said again */
    bool retired;     /* the lease has ended; on_retired is called once the reaper is idle */
    uint64_t unheard; /* events that no other node got */
};

/* ---- connections ---- */

static bool
claims(void *owner, struct str channel)
{
    struct cluster *c = owner;

    return c->store && presence_redis_claims(c->store, channel);
}

static void
come_up(struct cluster *c)
{
    (void)relay_hello(c->relay); /* unheard, the others learn of us by their next beat */
    if (c->unheard > 0)
        log_warning("events were not relayed to other nodes while redis was away events=%llu",
            (unsigned long long)c->unheard);
    c->unheard = 0;
    if (!c->store || c->farewell)
        return;
    presence_redis_up(c->store);
    reaper_tidy(c->reaper, buffer_str(&c->node), claims, c);
}

static void
maybe_up(struct cluster *c)
{
    if (c->up || !c->commands || !c->subscribed)
        return;
    c->up = true;
    come_up(c);
}

static void
go_down(struct cluster *c)
{
    c->up = false;
    if (c->store)
        presence_redis_down(c->store);
}

static void
on_commands(void *owner, bool ready)
{
    struct cluster *c = owner;

    c->commands = ready;
    if (ready) {
        scripts_load(c->scripts);
        lease_up(c->lease);
        maybe_up(c);
    } else {
        lease_down(c->lease);
        go_down(c);
    }
}

static void
on_subscribed(void *owner, const char *down)
{
    struct cluster *c = owner;

    c->subscribed = !down;
    if (c->subscribed)
        maybe_up(c);
    else
        go_down(c);
    if (c->on_redis)
        c->on_redis(c->on_redis_owner, down);
}

static void
say_again(void *owner)
{
    struct cluster *c = owner;

    if (c->store && !c->farewell)
        presence_redis_again(c->store);
}

/* ---- what comes ---- */

static void
on_internal(void *owner, struct str name, struct str payload)
{
    static const struct str presence = STR_LIT("presence:");
    struct cluster *c = owner;

    if (str_is(name, "relay"))
        relay_message(c->relay, payload);
    else if (c->store && str_starts(name, presence.data))
        presence_redis_change(
            c->store, str_slice(name.data + presence.len, name.len - presence.len), payload);
}

/* ---- nodes ---- */

static void
on_dead(void *owner, struct str name)
{
    struct cluster *c = owner;

    reaper_bury(c->reaper, name);
}

static void
maybe_retired(struct cluster *c)
{
    if (!c->retired || !reaper_idle(c->reaper))
        return;
    c->retired = false;
    c->on_retired(c->owner);
}

static void
on_lease_over(void *owner)
{
    struct cluster *c = owner;

    c->retired = true;
    maybe_retired(c);
}

static void
on_reaper_idle(void *owner)
{
    maybe_retired(owner);
}

void
cluster_retire(struct cluster *c, uint64_t grace_ms)
{
    c->farewell = true;
    if (c->store)
        presence_redis_flush(c->store);
    lease_retire(c->lease, grace_ms > HANDOVER_MS ? grace_ms : HANDOVER_MS);
}

/* ---- what goes ---- */

size_t
cluster_peers(const struct cluster *c)
{
    return lease_peers(c->lease);
}

bool
cluster_is_connected(const struct cluster *c)
{
    return c->up;
}

bool
cluster_is_alone(const struct cluster *c)
{
    return lease_is_alone(c->lease);
}

void
cluster_say(struct cluster *c, struct str channel, struct bytes *text, struct str except)
{
    if (lease_is_alone(c->lease))
        return;
    if (!relay_event(c->relay, channel, text, except))
        c->unheard++;
}

bool
cluster_ask(struct cluster *c, uint64_t token, uint64_t kind, struct str name)
{
    return c->up && lease_peers(c->lease) > 0 && relay_ask(c->relay, token, kind, name);
}

void
cluster_answer(struct cluster *c, const struct cluster_question *q, struct str body)
{
    (void)relay_answer(c->relay, q->from, q->token, body); /* unheard, they go without */
}

void
cluster_pause(struct cluster *c)
{
    subscriber_pause(c->subscriber);
}

void
cluster_resume(struct cluster *c)
{
    subscriber_resume(c->subscriber);
}

/* ---- life ---- */

static void
open_store(struct cluster *c, struct loop *l, const struct cluster_options *o,
    const struct room_calls *calls)
{
    const struct presence_redis_options options = {
        .link = subscriber_commands(c->subscriber),
        .calls = *calls,
        .node = buffer_str(&c->node),
        .publish = o->publish_presence,
    };

    if (o->presence)
        c->store = presence_redis_new(l, &options);
}

static void
open_nodes(struct cluster *c, struct loop *l, const struct cluster_options *o,
    const struct cluster_place *place)
{
    static const struct lease_handlers lease = { say_again, on_dead, on_lease_over };
    struct redis_link *link = subscriber_commands(c->subscriber);
    const struct lease_options leased = {
        .scripts = c->scripts,
        .prefix = buffer_str(&c->prefix),
        .node = buffer_str(&c->node),
        .lease_ms = o->lease_ms,
    };
    const struct room_calls calls = {
        .scripts = c->scripts,
        .prefix = buffer_str(&c->prefix),
        .members_key = o->members_key,
    };

    c->lease = lease_new(l, &leased, &lease, c);
    c->relay = relay_new(&(struct relay_options){
        .link = link,
        .lease = c->lease,
        .prefix = buffer_str(&c->prefix),
        .node = buffer_str(&c->node),
        .events = place->events,
        .respondent = place->respondent,
    });
    c->reaper =
        reaper_new(&(struct reaper_options){ link, calls, o->publish_presence }, on_reaper_idle, c);
    open_store(c, l, o, &calls);
}

struct cluster *
cluster_open(struct loop *l, const struct cluster_options *o, const struct cluster_place *place,
    void (*on_retired)(void *owner), void *owner)
{
    static const struct subscriber_handlers handlers = {
        .on_internal = on_internal,
        .on_subscribed = on_subscribed,
        .on_commands = on_commands,
    };
    struct cluster *c = mem_zalloc(sizeof(*c));

    c->on_retired = on_retired;
    c->owner = owner;
    c->on_redis = o->on_redis;
    c->on_redis_owner = o->owner;
    buffer_append_str(&c->prefix, str_of(o->key_prefix));
    buffer_append_str(&c->node, place->node);
    c->subscriber = subscriber_open(l, o, place, &handlers, c);
    c->scripts = scripts_new(subscriber_commands(c->subscriber), say_again, c);
    open_nodes(c, l, o, place);
    return c;
}

void
cluster_close(struct cluster *c)
{
    if (!c)
        return;
    subscriber_close(c->subscriber);
    relay_free(c->relay);
    reaper_free(c->reaper);
    lease_free(c->lease);
    scripts_free(c->scripts);
    buffer_fini(&c->prefix);
    buffer_fini(&c->node);
    free(c);
}

struct presence_store *
cluster_store(struct cluster *c)
{
    return c->store;
}
