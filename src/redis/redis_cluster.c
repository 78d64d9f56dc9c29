/* SPDX-License-Identifier: MIT */
/*
 * redis_cluster: states, commands and their redirections, and what falls.
 */
#include "redis_cluster.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/timer.h"
#include "redis_contact.h"
#include "redis_masters.h"
#include "redis_reason.h"
#include "redis_request.h"
#include "redis_settings.h"
#include "redis_slots.h"

enum {
    BEAT_MS = 2000,
    HOPS_MAX = 16, /* more redirections of one command than nodes that disagree for a moment make */
};

/*
 *   OPENING --all let us in--> OPEN --redirected--> SETTLING --nothing under way--.
 *      ^                                                                          |
 *      |                        the slots have moved                              |
 *      |<------------ LEARNING <--------------------------------------------------|
 *      `<-------------------------------------------------------------------------'
 *
 * OPENING   contacts come about; commands wait.
 * OPEN      commands go to the owner of their slot.
 * SETTLING  new commands wait for the answers to those under way, for the sake of their order.
 * LEARNING  a node is asked who has which slots.
 * FALLING   given up; on_lost is still to come.
 * CLOSED    the owner is gone.
 */
enum redis_cluster_state {
    REDIS_CLUSTER_OPENING,
    REDIS_CLUSTER_OPEN,
    REDIS_CLUSTER_SETTLING,
    REDIS_CLUSTER_LEARNING,
    REDIS_CLUSTER_FALLING,
    REDIS_CLUSTER_CLOSED,
};

/* In one of the cluster's lists, which owns it.  It keeps its bytes until it is answered, for it
 * may have to be sent again elsewhere. */
struct command {
    struct list node;
    struct redis_cluster *cluster;
    struct bytes *request;
    unsigned slot;
    unsigned hops; /* how often it was redirected */
    bool everywhere;
    char *ask_host; /* the node to ask this once; NULL: the owner of the slot */
    unsigned ask_port;
    void (*on_reply)(void *owner, const struct redis_value *reply); /* may be NULL */
    void *owner;
};

/* Freed at the end of the turn in which it is closed.  While OPEN no command waits or is
 * redirected, and teller_host is NULL: a redirection ends OPEN at once. */
struct redis_cluster {
    struct loop *loop;
    struct redis_settings *settings;
    const struct redis_cluster_handlers *handlers;
    void *owner;

    enum redis_cluster_state state;
    bool was_open;
    struct timer limit; /* of OPENING and LEARNING */
    struct timer beat;
    struct loop_task fallen;
    char reason[REDIS_REASON_SIZE];

    struct redis_masters masters;
    char *teller_host; /* of the node that knew that slots have moved; NULL: none have */
    unsigned teller_port;
    struct list under_way, redirected, waiting; /* commands */
};

/* The only place that writes c->state. */
static void
cluster_enter(struct redis_cluster *c, enum redis_cluster_state next)
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
    ENSURE(next != REDIS_CLUSTER_OPEN || !c->teller_host);
    ENSURE(next != REDIS_CLUSTER_LEARNING || (c->teller_host && list_empty(&c->under_way)));
    c->state = next;
}

/* The first reason is the one that counts: what follows is its consequence. */
void
redis_cluster_fall(struct redis_cluster *c, const char *reason)
{
    if (c->state >= REDIS_CLUSTER_FALLING)
        return;
    snprintf(c->reason, sizeof(c->reason), "%s", reason);
    cluster_enter(c, REDIS_CLUSTER_FALLING);
    timer_stop(&c->limit);
    timer_stop(&c->beat);
    loop_end_of_turn(c->loop, &c->fallen);
}

static void
command_free(struct command *m)
{
    list_remove(&m->node);
    bytes_unref(m->request);
    free(m->ask_host);
    free(m);
}

/* Its owner may do anything, closing the cluster included. */
static void
command_answer(struct command *m, const struct redis_value *reply)
{
    void (*on_reply)(void *owner, const struct redis_value *reply) = m->on_reply;
    void *owner = m->owner;

    command_free(m);
    if (on_reply)
        on_reply(owner, reply);
}

/* All commands get NULL, unless the owner closes c meanwhile. */
static void
on_fallen(void *owner)
{
    struct redis_cluster *c = owner;

    list_splice(&c->under_way, &c->redirected);
    list_splice(&c->under_way, &c->waiting);
    while (!list_empty(&c->under_way) && c->state != REDIS_CLUSTER_CLOSED)
        command_answer(LIST_ENTRY(c->under_way.next, struct command, node), NULL);
    if (c->state != REDIS_CLUSTER_CLOSED)
        c->handlers->on_lost(c->owner, c->reason);
}

static void
cluster_on_limit(void *owner)
{
    redis_cluster_fall(owner, "the nodes of the cluster do not answer in time");
}

/* A node that vanishes keeps its connection open here. */
static void
cluster_on_beat(void *owner)
{
    struct redis_cluster *c = owner;

    timer_start(c->loop, &c->beat, BEAT_MS);
    redis_masters_beat(&c->masters);
}

/* ---- from one order of slots to the next ---- */

static void command_on_reply(void *command, const struct redis_value *reply);

/* False: a contact falls, and with it the cluster; m is in no list. */
static bool
command_send(struct redis_cluster *c, struct command *m)
{
    struct redis_masters_node *asked =
        m->ask_host ? redis_masters_find(&c->masters, str_of(m->ask_host), m->ask_port) : NULL;
    struct redis_contact *contact =
        asked ? asked->contact : redis_masters_owner(&c->masters, m->slot)->contact;

    list_remove(&m->node);
    free(m->ask_host);
    m->ask_host = NULL;
    if (m->everywhere)
        redis_masters_teach(&c->masters, m->request, contact);
    if (asked) {
        struct bytes *asking = redis_request_new(&STR_LIT("ASKING"), 1);
        bool sent = redis_contact_send(contact, asking, NULL, NULL);

        bytes_unref(asking);
        if (!sent)
            return false;
    }
    if (!redis_contact_send(contact, m->request, command_on_reply, m))
        return false;
    list_append(&c->under_way, &m->node);
    return true;
}

/* The owner of masters is the cluster; commands that were redirected go before those that wait. */
static void
cluster_on_open(void *owner)
{
    struct redis_cluster *c = owner;
    bool first = !c->was_open;
    struct list due;

    if (c->state != REDIS_CLUSTER_OPENING || !redis_masters_all_open(&c->masters))
        return;
    timer_stop(&c->limit);
    cluster_enter(c, REDIS_CLUSTER_OPEN);
    c->was_open = true;
    list_init(&due);
    list_splice(&due, &c->redirected);
    list_splice(&due, &c->waiting);
    LIST_EACH(at, &due) {
        struct command *m = LIST_ENTRY(at, struct command, node);

        if (!command_send(c, m))
            list_append(&c->waiting, &m->node); /* to be told that all is lost */
    }
    if (first)
        c->handlers->on_open(c->owner);
}

static void
begin_opening(struct redis_cluster *c)
{
    cluster_enter(c, REDIS_CLUSTER_OPENING);
    timer_start(c->loop, &c->limit, 2 * (uint64_t)redis_settings_short_limit_ms(c->settings));
    cluster_on_open(c);
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
on_slots(void *owner, const struct redis_value *reply)
{
    struct redis_cluster *c = owner;

    if (!reply || c->state != REDIS_CLUSTER_LEARNING)
        return;
    if (!redis_masters_arrange(&c->masters, reply, c->teller_host)) {
        fall_by_gaps(c, c->teller_host);
        return;
    }
    free(c->teller_host);
    c->teller_host = NULL;
    begin_opening(c);
}

static void
learn(struct redis_cluster *c)
{
    const struct redis_masters_node *n =
        redis_masters_find(&c->masters, str_of(c->teller_host), c->teller_port);
    struct bytes *request =
        redis_request_new((const struct str[]){ STR_LIT("CLUSTER"), STR_LIT("SLOTS") }, 2);

    ENSURE(n); /* nodes are dropped with the new order alone, and the teller with the old one */
    cluster_enter(c, REDIS_CLUSTER_LEARNING);
    timer_start(c->loop, &c->limit, redis_settings_short_limit_ms(c->settings));
    log_gated(LOG_LEVEL_INFO, LOG_GATE_MOST, "redis: the cluster's slots have moved where=%s",
        LOG_STR(str_of(redis_contact_where(n->contact))));
    redis_contact_send(n->contact, request, on_slots, c); /* else c falls with the contact */
    bytes_unref(request);
}

/* A command was redirected, or answered: see whether the next state is due. */
static void
settle(struct redis_cluster *c, bool redirected)
{
    if (redirected && c->state == REDIS_CLUSTER_OPEN)
        cluster_enter(c, REDIS_CLUSTER_SETTLING);
    if (c->state != REDIS_CLUSTER_SETTLING || !list_empty(&c->under_way))
        return;
    if (c->teller_host)
        learn(c);
    else
        begin_opening(c);
}

/* ---- replies ---- */

static void
redirect(struct redis_cluster *c, struct command *m, const struct redis_slots_redirection *where)
{
    m->hops++;
    list_remove(&m->node);
    list_append(&c->redirected, &m->node);
    if (where->ask) {
        free(m->ask_host);
        m->ask_host = mem_copy_text(where->host.data, where->host.len);
        m->ask_port = where->port;
        if (!redis_masters_find(&c->masters, where->host, where->port))
            (void)redis_masters_add(&c->masters, where->host, where->port);
    } else if (!c->teller_host) {
        /* The node that says that a slot has moved knows where to. */
        const struct redis_masters_node *n = redis_masters_owner(&c->masters, m->slot);

        c->teller_host = mem_strdup(n->host);
        c->teller_port = n->port;
    }
    settle(c, true);
}

/* A node that cannot serve is a matter of the whole cluster. */
static bool
is_out_of_order(struct str error)
{
    return str_starts(error, "CLUSTERDOWN") || str_starts(error, "TRYAGAIN") ||
           str_starts(error, "MASTERDOWN") || str_starts(error, "LOADING");
}

static void
command_on_reply(void *command, const struct redis_value *reply)
{
    struct command *m = command;
    struct redis_cluster *c = m->cluster;
    struct redis_slots_redirection where;
    bool is_error = reply && reply->kind == REDIS_ERROR;

    if (is_error && c->state < REDIS_CLUSTER_FALLING && m->hops < HOPS_MAX &&
        redis_slots_redirects(reply->text, &where)) {
        redirect(c, m, &where);
        return;
    }
    if (is_error && is_out_of_order(reply->text)) {
        const struct redis_reason_about about = {
            .where = redis_contact_where(redis_masters_owner(&c->masters, m->slot)->contact),
        };
        char reason[REDIS_REASON_SIZE] = "";

        redis_reason_refused(reason, &about, reply->text);
        redis_cluster_fall(c, reason);
        reply = NULL;
    }
    list_remove(&m->node);
    settle(c, false);
    command_answer(m, reply);
}

static void
cluster_on_lost(void *owner, const char *reason)
{
    redis_cluster_fall(owner, reason);
}

/* ---- the owner's side ---- */

struct redis_cluster *
redis_cluster_open(struct loop *l, struct redis_settings *s, const struct redis_cluster_options *o,
    const struct redis_cluster_handlers *h, void *owner)
{
    static const struct redis_masters_handlers of_masters = { .on_open = cluster_on_open,
        .on_lost = cluster_on_lost };
    struct redis_cluster *c = mem_zalloc(sizeof(*c));

    c->loop = l;
    c->settings = s;
    c->handlers = h;
    c->owner = owner;
    redis_masters_init(&c->masters, l, s, &of_masters, c);
    list_init(&c->under_way);
    list_init(&c->redirected);
    list_init(&c->waiting);
    timer_init(&c->limit, cluster_on_limit, c);
    timer_init(&c->beat, cluster_on_beat, c);
    timer_start(l, &c->beat, BEAT_MS);
    loop_task_init(&c->fallen, on_fallen, c);
    timer_start(l, &c->limit, 2 * (uint64_t)redis_settings_short_limit_ms(s));
    if (!redis_masters_arrange(&c->masters, o->slots, o->host))
        fall_by_gaps(c, o->host);
    return c;
}

static void
cluster_drop(void *object)
{
    struct redis_cluster *c = object;

    list_splice(&c->under_way, &c->redirected);
    list_splice(&c->under_way, &c->waiting);
    LIST_EACH(at, &c->under_way)
        command_free(LIST_ENTRY(at, struct command, node));
    free(c->teller_host);
    free(c);
}

void
redis_cluster_close(struct redis_cluster *c)
{
    if (!c || c->state == REDIS_CLUSTER_CLOSED)
        return;
    cluster_enter(c, REDIS_CLUSTER_CLOSED);
    timer_stop(&c->limit);
    timer_stop(&c->beat);
    loop_task_cancel(&c->fallen);
    redis_masters_fini(&c->masters);
    loop_defer_free(c->loop, c, cluster_drop);
}

bool
redis_cluster_is_open(const struct redis_cluster *c)
{
    return c->was_open && c->state < REDIS_CLUSTER_FALLING;
}

/* A command goes where its key is: of EVALSHA the first key, of all else the second word; a channel
 * is as good as a key. */
bool
redis_cluster_command(struct redis_cluster *c, const struct str *argv, size_t argc,
    void (*reply_to)(void *owner, const struct redis_value *reply), void *owner)
{
    size_t key = str_is_nocase(argv[0], "EVALSHA") ? 3 : 1;
    struct command *m;

    if (!redis_cluster_is_open(c))
        return false;
    m = mem_zalloc(sizeof(*m));
    list_init(&m->node);
    m->cluster = c;
    m->request = redis_request_new(argv, argc);
    m->slot = redis_slots_of(key < argc ? argv[key] : str_slice("", 0));
    m->everywhere = str_is_nocase(argv[0], "SCRIPT");
    m->on_reply = reply_to;
    m->owner = owner;
    if (c->state != REDIS_CLUSTER_OPEN) {
        list_append(&c->waiting, &m->node);
        return true;
    }
    if (command_send(c, m))
        return true;
    command_free(m);
    return false;
}
