/* SPDX-License-Identifier: MIT */
/*
 * cluster: both links to Redis, and what follows when one comes or goes.
 *
 *   commands ready:               scripts loaded, lease
 *   commands ready + subscribed:  presence by Redis, hello to the others
 *
 * SERVING --cluster_retire()--> RETIRING --lease over--> LEFT --reaper idle--> RETIRED
 */
#include "cluster/cluster.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "lease.h"
#include "presence_redis.h"
#include "reaper.h"
#include "relay.h"
#include "scripts.h"
#include "subscriber.h"

/* Clients on their way to another node have at least this long. */
enum { HANDOVER_MS = 10000 };

enum cluster_state {
    CLUSTER_SERVING,
    CLUSTER_RETIRING, /* nothing is said to Redis again; the other nodes are told */
    CLUSTER_LEFT,     /* the lease has ended; what it found dead is still being removed */
    CLUSTER_RETIRED,  /* on_retired was called */
};

/*
 * Invariants: presence goes by Redis (presence_redis_up) only while both links work and the state
 * is SERVING; once both work it does at once, and once one is lost it does not.
 */
struct cluster {
    void (*on_retired)(void *owner);
    void *owner;
    enum cluster_state state;
    struct buffer prefix, node;
    struct redis_link *commands;
    struct subscriber *subscriber;
    struct scripts *scripts;
    struct lease *lease;
    struct reaper *reaper;
    struct relay *relay;
    struct presence_store *store; /* owned by presence; NULL without */
    bool commands_ready, subscribed;
    void (*on_redis)(void *owner, const char *down); /* or NULL */
    void *on_redis_owner;
    uint64_t unheard; /* events that no other node got */
};

/* The only place that writes c->state. */
static void
cluster_enter(struct cluster *c, enum cluster_state next)
{
    ENSURE(next == c->state + 1);
    c->state = next;
}

/* ---- connections ---- */

bool
cluster_is_connected(const struct cluster *c)
{
    return c->commands_ready && c->subscribed;
}

static bool
cluster_claims(void *owner, struct str channel)
{
    struct cluster *c = owner;

    return presence_redis_claims(c->store, channel);
}

static void
cluster_come_up(struct cluster *c)
{
    (void)relay_hello(c->relay); /* if it is lost, they learn of us by their next beat */
    if (c->unheard > 0)
        log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST,
            "events did not reach the other nodes while redis was down events=%llu",
            (unsigned long long)c->unheard);
    c->unheard = 0;
    if (!c->store || c->state != CLUSTER_SERVING)
        return;
    presence_redis_up(c->store);
    reaper_tidy(c->reaper, buffer_str(&c->node), cluster_claims, c);
}

/* One of the links came, or went: *link is what is known of it so far. */
static void
cluster_set_link(struct cluster *c, bool *link, bool there)
{
    bool was_connected = cluster_is_connected(c);

    *link = there;
    if (!was_connected && cluster_is_connected(c))
        cluster_come_up(c);
    else if (!there && c->store)
        presence_redis_down(c->store);
}

static void
cluster_on_commands_ready(void *owner)
{
    struct cluster *c = owner;

    scripts_load(c->scripts);
    lease_up(c->lease);
    cluster_set_link(c, &c->commands_ready, true);
}

/* The subscription's link reports the state of the server; this one's is a detail. */
static void
cluster_on_commands_down(void *owner, const char *reason)
{
    struct cluster *c = owner;

    log_gated(LOG_LEVEL_INFO, LOG_GATE_MOST, "redis down link=commands reason=%s",
        LOG_STR(str_of(reason)));
    lease_down(c->lease);
    cluster_set_link(c, &c->commands_ready, false);
}

static void
cluster_on_subscribed(void *owner, const char *down)
{
    struct cluster *c = owner;

    cluster_set_link(c, &c->subscribed, !down);
    if (c->on_redis)
        c->on_redis(c->on_redis_owner, down);
}

static void
cluster_say_again(void *owner)
{
    struct cluster *c = owner;

    if (c->store && c->state == CLUSTER_SERVING)
        presence_redis_again(c->store);
}

/* ---- what comes ---- */

static void
cluster_on_internal(void *owner, struct str name, struct str payload)
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
cluster_on_dead(void *owner, struct str name)
{
    struct cluster *c = owner;

    reaper_bury(c->reaper, name);
}

static void
cluster_on_reaper_idle(void *owner)
{
    struct cluster *c = owner;

    if (c->state != CLUSTER_LEFT)
        return;
    cluster_enter(c, CLUSTER_RETIRED);
    c->on_retired(c->owner);
}

static void
cluster_on_lease_over(void *owner)
{
    struct cluster *c = owner;

    cluster_enter(c, CLUSTER_LEFT);
    if (reaper_idle(c->reaper))
        cluster_on_reaper_idle(c);
}

void
cluster_retire(struct cluster *c, uint64_t grace_ms)
{
    cluster_enter(c, CLUSTER_RETIRING);
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
    return cluster_is_connected(c) && lease_peers(c->lease) > 0 &&
           relay_ask(c->relay, token, kind, name);
}

void
cluster_answer(struct cluster *c, const struct cluster_question *q, struct str body)
{
    (void)relay_answer(c->relay, q->from, q->token, body); /* if it is lost, they go without it */
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

struct cluster *
cluster_open(struct loop *l, const struct cluster_options *o, const struct cluster_place *place,
    void (*on_retired)(void *owner), void *owner)
{
    static const struct subscriber_handlers of_subscriber = { cluster_on_internal,
        cluster_on_subscribed };
    static const struct lease_handlers of_lease = { cluster_say_again, cluster_on_dead,
        cluster_on_lease_over };
    static const struct redis_link_handlers of_commands = {
        .on_ready = cluster_on_commands_ready,
        .on_down = cluster_on_commands_down,
    };
    struct cluster *c = mem_zalloc(sizeof(*c));
    struct str node;

    c->on_retired = on_retired;
    c->owner = owner;
    c->on_redis = o->on_redis;
    c->on_redis_owner = o->owner;
    buffer_append_str(&c->prefix, str_of(o->key_prefix));
    buffer_append_str(&c->node, place->node);
    node = buffer_str(&c->node);
    c->commands = redis_link_open(l, &o->redis, &of_commands, c);
    c->subscriber = subscriber_open(l, c->commands, o, place, &of_subscriber, c);
    c->scripts = scripts_new(&(struct scripts_options){
        .link = c->commands,
        .prefix = buffer_str(&c->prefix),
        .members_key = o->members_key,
        .publish_members = o->publish_presence,
        .on_missing = cluster_say_again,
        .owner = c,
    });
    c->lease = lease_new(l, &(struct lease_options){ c->scripts, node, o->lease_ms }, &of_lease, c);
    c->relay = relay_new(&(struct relay_options){
        .link = c->commands,
        .lease = c->lease,
        .prefix = buffer_str(&c->prefix),
        .node = node,
        .events = place->events,
        .respondent = place->respondent,
    });
    c->reaper = reaper_new(c->commands, c->scripts, cluster_on_reaper_idle, c);
    if (o->presence)
        c->store = presence_redis_new(l, c->commands, c->scripts, node);
    return c;
}

void
cluster_close(struct cluster *c)
{
    if (!c)
        return;
    subscriber_close(c->subscriber);
    redis_link_close(c->commands);
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
