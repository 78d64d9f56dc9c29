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

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/timer.h"
#include "redis/redis_link.h"
#include "scripts.h"

enum { LEASE_MS = 9000, BEATS_A_LEASE = 3 };

struct peer {
    size_t name_len;
    char name[];
};

enum lease_state {
    LEASE_DOWN,
    LEASE_UP,      /* no beat was answered on this connection yet */
    LEASE_KNOWN,   /* one was: Redis has us, and an answer to the contrary means that it forgot */
    LEASE_RETIRED, /* no more beats */
};

/* Invariant: the beat's timer runs exactly while the state is UP or KNOWN. */
struct lease {
    struct loop *loop;
    struct scripts *scripts;
    struct buffer key; /* of the nodes' sorted set */
    struct str node;
    uint64_t lease_ms;
    const struct lease_handlers *handlers;
    void *owner;
    struct map peers; /* name -> struct peer, owned */
    struct timer beat;
    enum lease_state state;
    bool peers_known; /* a beat was answered since the start */
};

/* The only place that writes v->state. */
static void
lease_enter(struct lease *v, enum lease_state next)
{
    ENSURE(v->state != LEASE_RETIRED);
    ENSURE(next != LEASE_KNOWN || v->state != LEASE_DOWN);
    v->state = next;
}

static void on_beat(void *owner);

struct lease *
lease_new(
    struct loop *l, const struct lease_options *o, const struct lease_handlers *h, void *owner)
{
    struct lease *v = mem_zalloc(sizeof(*v));

    v->loop = l;
    v->scripts = o->scripts;
    v->node = o->node;
    v->lease_ms = o->lease_ms > 0 ? o->lease_ms : LEASE_MS;
    v->handlers = h;
    v->owner = owner;
    scripts_key_nodes(o->prefix, &v->key);
    timer_init(&v->beat, on_beat, v);
    return v;
}

static void
forget_peers(struct lease *v)
{
    struct peer *p;

    for (size_t i = 0; (p = map_next(&v->peers, &i));)
        free(p);
    map_fini(&v->peers);
}

void
lease_free(struct lease *v)
{
    if (!v)
        return;
    timer_stop(&v->beat);
    forget_peers(v);
    buffer_fini(&v->key);
    free(v);
}

void
lease_heard(struct lease *v, struct str node)
{
    struct peer *p;

    if (str_equal(node, v->node) || map_get(&v->peers, node))
        return;
    p = mem_zalloc(sizeof(*p) + node.len);
    p->name_len = node.len;
    memcpy(p->name, node.data, node.len);
    map_put(&v->peers, str_slice(p->name, p->name_len), p);
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
take_alive(struct lease *v, const struct redis_value *alive)
{
    forget_peers(v);
    for (size_t i = 0; i < alive->count; i++) {
        struct str node = alive->items[i].text;

        if (node.len > 0 && !str_starts(node, "~"))
            lease_heard(v, node);
    }
}

static void
report_dead(struct lease *v, const struct redis_value *dead)
{
    for (size_t i = 0; i < dead->count; i++) {
        if (dead->items[i].kind == REDIS_STRING && dead->items[i].text.len > 0)
            v->handlers->on_dead(v->owner, dead->items[i].text);
    }
}

static bool
is_beat_reply(const struct redis_value *reply)
{
    return reply->kind == REDIS_ARRAY && reply->count == 3 &&
           reply->items[0].kind == REDIS_INTEGER && reply->items[1].kind == REDIS_ARRAY &&
           reply->items[2].kind == REDIS_ARRAY;
}

static void
on_beat_reply(void *owner, const struct redis_value *reply)
{
    struct lease *v = owner;
    bool forgotten;

    /* A cluster's link may be down, and one of its masters still answer. */
    if (!scripts_check(v->scripts, reply) || !is_beat_reply(reply) ||
        (v->state != LEASE_UP && v->state != LEASE_KNOWN))
        return;
    forgotten = reply->items[0].integer == 0 && v->state == LEASE_KNOWN;
    lease_enter(v, LEASE_KNOWN);
    v->peers_known = true;
    take_alive(v, &reply->items[2]);
    if (forgotten)
        v->handlers->on_forgotten(v->owner);
    report_dead(v, &reply->items[1]);
}

static bool
run(struct lease *v, enum scripts_name name, uint64_t ms,
    void (*on_reply)(void *owner, const struct redis_value *reply))
{
    struct buffer digits = { 0 };
    bool sent;

    buffer_append_u64(&digits, ms);
    sent = scripts_run(v->scripts,
        &(struct scripts_call){
            .name = name,
            .argv = (const struct str[]){ buffer_str(&v->key), v->node, buffer_str(&digits) },
            .keys = 1,
            .argc = 3,
            .on_reply = on_reply,
            .owner = v,
        });
    buffer_fini(&digits);
    return sent;
}

static void
on_beat(void *owner)
{
    struct lease *v = owner;

    timer_start(v->loop, &v->beat, v->lease_ms / BEATS_A_LEASE);
    (void)run(v, SCRIPTS_BEAT, v->lease_ms, on_beat_reply); /* not ready: lease_down() comes */
}

void
lease_up(struct lease *v)
{
    if (v->state == LEASE_RETIRED)
        return;
    lease_enter(v, LEASE_UP);
    on_beat(v);
}

void
lease_down(struct lease *v)
{
    if (v->state == LEASE_RETIRED)
        return;
    lease_enter(v, LEASE_DOWN);
    timer_stop(&v->beat);
}

static void
on_retire_reply(void *owner, const struct redis_value *reply)
{
    struct lease *v = owner;

    if (scripts_check(v->scripts, reply) && reply->kind == REDIS_ARRAY)
        report_dead(v, reply);
    v->handlers->on_retired(v->owner);
}

void
lease_retire(struct lease *v, uint64_t grace_ms)
{
    bool up = v->state != LEASE_DOWN;

    lease_enter(v, LEASE_RETIRED);
    timer_stop(&v->beat);
    if (!up || !run(v, SCRIPTS_RETIRE, grace_ms, on_retire_reply))
        v->handlers->on_retired(v->owner);
}
