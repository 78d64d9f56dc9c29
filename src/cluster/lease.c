/* SPDX-License-Identifier: MIT */
/*
 * lease: a beat every third of the lease.
 *
 *          .---------- connection lost ----------.
 *          v                                     |
 *        DOWN --connected--> UP --beat answered--> KNOWN        any --lease_retire()--> RETIRED
 */
#include "lease.h"

#include <stdlib.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/timer.h"
#include "redis/redis_link.h"
#include "scripts.h"

enum { LEASE_MS = 9000, BEATS_A_LEASE = 3 };

enum lease_state {
    LEASE_DOWN,
    LEASE_UP,      /* no beat was answered on this connection yet */
    LEASE_KNOWN,   /* one was: Redis has us, and an answer to the contrary means that it forgot */
    LEASE_RETIRED, /* no more beats */
};

/*
 * Invariants: the beat's timer runs exactly while the state is UP or KNOWN; whoever is in peers has
 * been heard of since the last answered beat, or by it, and is never this node.
 */
struct lease {
    struct loop *loop;
    struct lease_options options;
    const struct lease_handlers *handlers;
    void *owner;
    struct map peers; /* name -> struct bytes, the same */
    struct timer beat;
    enum lease_state state;
    bool peers_known; /* a beat was answered since the start */
};

static void lease_on_beat_reply(void *owner, const struct redis_value *reply);

static void
lease_on_beat(void *owner)
{
    struct lease *v = owner;

    ENSURE(v->state == LEASE_UP || v->state == LEASE_KNOWN);
    timer_start(v->loop, &v->beat, v->options.lease_ms / BEATS_A_LEASE);
    (void)scripts_lease(v->options.scripts, SCRIPTS_BEAT, v->options.node, v->options.lease_ms,
        (struct scripts_reply){ lease_on_beat_reply, v }); /* not ready: lease_down() comes */
}

/* The only place that writes v->state. */
static void
lease_enter(struct lease *v, enum lease_state next)
{
    static const unsigned may_follow[] = {
        [LEASE_DOWN] = BIT(LEASE_DOWN) | BIT(LEASE_UP) | BIT(LEASE_RETIRED),
        [LEASE_UP] = BIT(LEASE_DOWN) | BIT(LEASE_UP) | BIT(LEASE_KNOWN) | BIT(LEASE_RETIRED),
        [LEASE_KNOWN] = BIT(LEASE_DOWN) | BIT(LEASE_UP) | BIT(LEASE_KNOWN) | BIT(LEASE_RETIRED),
        [LEASE_RETIRED] = 0,
    };

    ENSURE(may_follow[v->state] & BIT(next));
    v->state = next;
    if (next == LEASE_DOWN || next == LEASE_RETIRED)
        timer_stop(&v->beat);
    else if (next == LEASE_UP)
        lease_on_beat(v);
    ENSURE(timer_active(&v->beat) == (next == LEASE_UP || next == LEASE_KNOWN));
}

struct lease *
lease_new(
    struct loop *l, const struct lease_options *o, const struct lease_handlers *h, void *owner)
{
    struct lease *v = mem_zalloc(sizeof(*v));

    v->loop = l;
    v->options = *o;
    v->options.lease_ms = o->lease_ms > 0 ? o->lease_ms : LEASE_MS;
    v->handlers = h;
    v->owner = owner;
    timer_init(&v->beat, lease_on_beat, v);
    return v;
}

static void
lease_forget_peers(struct lease *v)
{
    struct bytes *name;

    for (size_t i = 0; (name = map_next(&v->peers, &i));)
        bytes_unref(name);
    map_fini(&v->peers);
}

void
lease_free(struct lease *v)
{
    if (!v)
        return;
    timer_stop(&v->beat);
    lease_forget_peers(v);
    free(v);
}

void
lease_heard(struct lease *v, struct str node)
{
    struct bytes *name;

    if (str_equal(node, v->options.node) || map_get(&v->peers, node))
        return;
    name = bytes_new(node.data, node.len);
    map_put(&v->peers, bytes_str(name), name);
}

size_t
lease_peers(const struct lease *v)
{
    return v->peers.count;
}

bool
lease_is_alone(const struct lease *v)
{
    return v->peers_known && v->peers.count == 0;
}

static void
lease_report_dead(struct lease *v, const struct redis_value *dead)
{
    for (size_t i = 0; i < dead->count; i++) {
        if (dead->items[i].kind == REDIS_STRING && dead->items[i].text.len > 0)
            v->handlers->on_dead(v->owner, dead->items[i].text);
    }
}

static void
lease_on_beat_reply(void *owner, const struct redis_value *reply)
{
    struct lease *v = owner;
    const struct redis_value *known, *expired, *alive;
    bool forgotten;

    /* A cluster's link may be down, and one of its masters still answer. */
    if (!scripts_check(v->options.scripts, reply) || reply->kind != REDIS_ARRAY ||
        reply->count != 3 || (v->state != LEASE_UP && v->state != LEASE_KNOWN))
        return;
    known = &reply->items[0];
    expired = &reply->items[1];
    alive = &reply->items[2];
    if (known->kind != REDIS_INTEGER || expired->kind != REDIS_ARRAY || alive->kind != REDIS_ARRAY)
        return;
    forgotten = known->integer == 0 && v->state == LEASE_KNOWN;
    lease_enter(v, LEASE_KNOWN);
    v->peers_known = true;
    lease_forget_peers(v);
    for (size_t i = 0; i < alive->count; i++) {
        if (alive->items[i].text.len > 0 && !str_starts(alive->items[i].text, "~"))
            lease_heard(v, alive->items[i].text);
    }
    if (forgotten)
        v->handlers->on_forgotten(v->owner);
    lease_report_dead(v, expired);
}

void
lease_up(struct lease *v)
{
    if (v->state != LEASE_RETIRED)
        lease_enter(v, LEASE_UP);
}

void
lease_down(struct lease *v)
{
    if (v->state != LEASE_RETIRED)
        lease_enter(v, LEASE_DOWN);
}

static void
lease_on_retire_reply(void *owner, const struct redis_value *reply)
{
    struct lease *v = owner;

    if (scripts_check(v->options.scripts, reply) && reply->kind == REDIS_ARRAY)
        lease_report_dead(v, reply);
    v->handlers->on_retired(v->owner);
}

void
lease_retire(struct lease *v, uint64_t grace_ms)
{
    bool up = v->state != LEASE_DOWN;

    lease_enter(v, LEASE_RETIRED);
    if (!up || !scripts_lease(v->options.scripts, SCRIPTS_RETIRE, v->options.node, grace_ms,
                   (struct scripts_reply){ lease_on_retire_reply, v }))
        v->handlers->on_retired(v->owner);
}
