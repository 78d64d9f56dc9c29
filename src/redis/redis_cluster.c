/* SPDX-License-Identifier: MIT */
/*
 * redis_cluster: states, and what falls.
 */
#include "redis_cluster.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "redis_cluster_priv.h"
#include "redis_contact.h"
#include "redis_request.h"

enum { BEAT_MS = 2000 };

/* The only place that writes c->state. */
static void
enter(struct redis_cluster *c, enum redis_cluster_state next)
{
    static const unsigned may_follow[] = {
        [REDIS_CLUSTER_OPENING] = BIT(REDIS_CLUSTER_OPEN) | BIT(REDIS_CLUSTER_FALLING),
        [REDIS_CLUSTER_OPEN] = BIT(REDIS_CLUSTER_SETTLING) | BIT(REDIS_CLUSTER_FALLING),
        [REDIS_CLUSTER_SETTLING] =
            BIT(REDIS_CLUSTER_OPENING) | BIT(REDIS_CLUSTER_LEARNING) | BIT(REDIS_CLUSTER_FALLING),
        [REDIS_CLUSTER_LEARNING] = BIT(REDIS_CLUSTER_OPENING) | BIT(REDIS_CLUSTER_FALLING),
        [REDIS_CLUSTER_FALLING] = 0,
        [REDIS_CLUSTER_CLOSED] = 0,
    };

    ENSURE(next == REDIS_CLUSTER_CLOSED || may_follow[c->state] & BIT(next));
    c->state = next;
}

/* The first reason is the one that counts: what follows is its consequence. */
void
redis_cluster_fall(struct redis_cluster *c, const char *reason)
{
    if (c->state >= REDIS_CLUSTER_FALLING)
        return;
    snprintf(c->reason, sizeof(c->reason), "%s", reason);
    enter(c, REDIS_CLUSTER_FALLING);
    timer_stop(&c->limit);
    timer_stop(&c->beat);
    loop_end_of_turn(c->loop, &c->fallen);
}

static void
on_fallen(void *owner)
{
    struct redis_cluster *c = owner;

    redis_commands_tell_lost(c);
    if (c->state != REDIS_CLUSTER_CLOSED)
        c->handlers->on_lost(c->owner, c->reason);
}

static void
on_limit(void *owner)
{
    redis_cluster_fall(owner, "the nodes of the cluster do not answer in time");
}

/* A node that dies without a word keeps its connection. */
static void
on_beat(void *owner)
{
    struct redis_cluster *c = owner;

    timer_start(c->loop, &c->beat, BEAT_MS);
    redis_masters_beat(c);
}

/* ---- from one order of slots to the next ---- */

static void
open_up(struct redis_cluster *c)
{
    bool first = !c->was_open;

    timer_stop(&c->limit);
    enter(c, REDIS_CLUSTER_OPEN);
    c->was_open = true;
    redis_commands_flush(c);
    if (first)
        c->handlers->on_open(c->owner);
}

void
redis_cluster_review(struct redis_cluster *c)
{
    if (c->state == REDIS_CLUSTER_OPENING && redis_masters_all_open(c))
        open_up(c);
}

static void
begin_opening(struct redis_cluster *c)
{
    enter(c, REDIS_CLUSTER_OPENING);
    timer_start(c->loop, &c->limit, 2 * (uint64_t)redis_settings_short_limit_ms(c->settings));
    redis_cluster_review(c);
}

static void
fall_by_gaps(struct redis_cluster *c, const char *where)
{
    char reason[REDIS_REASON_SIZE];

    snprintf(reason, sizeof(reason),
        "the cluster of %s is down: a part of its slots is served by no node", where);
    redis_cluster_fall(c, reason);
}

static void
forget_teller(struct redis_cluster *c)
{
    free(c->teller_host);
    c->teller_host = NULL;
}

static void
on_slots(void *owner, const struct redis_value *reply)
{
    struct redis_cluster *c = owner;

    if (!reply || c->state != REDIS_CLUSTER_LEARNING)
        return;
    if (!redis_masters_arrange(c, reply, c->teller_host)) {
        fall_by_gaps(c, c->teller_host);
        return;
    }
    forget_teller(c);
    begin_opening(c);
}

static void
learn(struct redis_cluster *c)
{
    const struct redis_masters_node *n =
        redis_masters_find(c, str_of(c->teller_host), c->teller_port);
    struct bytes *request =
        redis_request_new((const struct str[]){ STR_LIT("CLUSTER"), STR_LIT("SLOTS") }, 2);

    ENSURE(n); /* nodes are dropped with the new order alone, and the teller with the old one */
    enter(c, REDIS_CLUSTER_LEARNING);
    timer_start(c->loop, &c->limit, redis_settings_short_limit_ms(c->settings));
    log_info("redis: the cluster's slots have moved where=%s",
        LOG_STR(str_of(redis_contact_where(n->contact))));
    redis_contact_send(n->contact, request, on_slots, c); /* else c falls with the contact */
    bytes_unref(request);
}

void
redis_cluster_settle(struct redis_cluster *c, bool redirected)
{
    if (redirected && c->state == REDIS_CLUSTER_OPEN)
        enter(c, REDIS_CLUSTER_SETTLING);
    if (c->state != REDIS_CLUSTER_SETTLING || !list_empty(&c->under_way))
        return;
    if (c->teller_host)
        learn(c);
    else
        begin_opening(c);
}

/* ---- the owner's side ---- */

struct redis_cluster *
redis_cluster_open(struct loop *l, struct redis_settings *s, const struct redis_cluster_options *o,
    const struct redis_cluster_handlers *h, void *owner)
{
    struct redis_cluster *c = mem_zalloc(sizeof(*c));

    c->loop = l;
    c->settings = s;
    c->handlers = h;
    c->owner = owner;
    list_init(&c->nodes);
    list_init(&c->under_way);
    list_init(&c->redirected);
    list_init(&c->waiting);
    list_init(&c->scripts);
    timer_init(&c->limit, on_limit, c);
    timer_init(&c->beat, on_beat, c);
    timer_start(l, &c->beat, BEAT_MS);
    loop_task_init(&c->fallen, on_fallen, c);
    timer_start(l, &c->limit, 2 * (uint64_t)redis_settings_short_limit_ms(s));
    if (!redis_masters_arrange(c, o->slots, o->host))
        fall_by_gaps(c, o->host);
    return c;
}

static void
drop(void *object)
{
    struct redis_cluster *c = object;

    redis_commands_fini(c);
    forget_teller(c);
    free(c);
}

void
redis_cluster_close(struct redis_cluster *c)
{
    if (!c || c->state == REDIS_CLUSTER_CLOSED)
        return;
    enter(c, REDIS_CLUSTER_CLOSED);
    timer_stop(&c->limit);
    timer_stop(&c->beat);
    loop_task_cancel(&c->fallen);
    redis_masters_fini(c);
    loop_defer_free(c->loop, c, drop);
}

bool
redis_cluster_is_open(const struct redis_cluster *c)
{
    return c->was_open && c->state < REDIS_CLUSTER_FALLING;
}

bool
redis_cluster_command(struct redis_cluster *c, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    return redis_cluster_is_open(c) && redis_commands_take(c, argv, argc, on_reply, owner);
}
