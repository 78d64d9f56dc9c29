/* SPDX-License-Identifier: MIT */
/*
 * supervision: rounds of pings, one at a time, twice in the time that the service manager waits.
 *
 *   tick --> ping each party --> pong, pong, ... the last one --> WATCHDOG=1
 *
 * A round that is not over at the next tick goes on; so one thread that hangs starves the watchdog,
 * and the manager ends the process.
 */
#include "supervision.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "notify.h"

enum { MAILBOX_BYTES = 1 << 20 };

struct supervision {
    struct supervision_options options;
    struct loop *loop;
    struct notify *notify;
    struct mailbox *box;
    struct timer tick;
    uint64_t period_ms; /* 0: nobody waits */
    uint64_t asked_ms;  /* when this round began */
    bool *answered;     /* by party, in this round */
    unsigned parties;   /* the workers and the hub */
    unsigned awaited;   /* of parties */
    bool stopping;
};

/* ---- pings ---- */

static void
begin_round(struct supervision *v)
{
    memset(v->answered, 0, v->parties * sizeof(*v->answered));
    v->awaited = v->parties;
    v->asked_ms = loop_now_ms(v->loop);
    for (unsigned i = 0; i < v->parties; i++)
        v->options.ping(v->options.owner, i);
}

static void
name_the_late(const struct supervision *v)
{
    uint64_t ms = loop_now_ms(v->loop) - v->asked_ms;

    for (unsigned i = 0; i < v->options.workers; i++)
        if (!v->answered[i])
            log_warning("worker %u does not answer ms=%" PRIu64, i, ms);
    if (!v->answered[v->options.workers])
        log_warning("the hub does not answer ms=%" PRIu64, ms);
}

static void
on_tick(void *owner)
{
    struct supervision *v = owner;

    timer_start(v->loop, &v->tick, v->period_ms);
    if (v->stopping)
        notify_alive(v->notify);
    else if (v->awaited == 0)
        begin_round(v);
    else
        name_the_late(v);
}

/* ---- what other threads say ---- */

struct pong {
    struct message base;
    unsigned party;
};

struct redis_state {
    struct message base;
    char *down; /* NULL: it is not */
};

static void
on_pong(void *owner, struct message *m)
{
    struct supervision *v = owner;
    unsigned party = ((struct pong *)m)->party;

    free(m);
    if (v->stopping || v->awaited == 0 || v->answered[party])
        return;
    v->answered[party] = true;
    if (--v->awaited == 0)
        notify_alive(v->notify);
}

static void
drop_pong(struct message *m)
{
    free(m);
}

static void
tell_status(const struct supervision *v, const char *redis, const char *reason)
{
    struct buffer text = { 0 };

    buffer_printf(&text, "Listening on port %u. %s%s", v->options.port, redis, reason);
    notify_status(v->notify, buffer_str(&text));
    buffer_fini(&text);
}

static void
drop_redis_state(struct message *m)
{
    free(((struct redis_state *)m)->down);
    free(m);
}

static void
on_redis_state(void *owner, struct message *m)
{
    const char *down = ((struct redis_state *)m)->down;

    tell_status(owner, down ? "Redis unreachable: " : "Redis connected", down ? down : "");
    drop_redis_state(m);
}

void
supervision_pong(struct supervision *v, unsigned party)
{
    static const struct message_kind kind = { "pong", on_pong, drop_pong };
    struct pong *m;

    if (!v)
        return;
    ENSURE(party < v->parties);
    m = mem_zalloc(sizeof(*m));
    m->base.kind = &kind;
    m->base.cost = sizeof(*m);
    m->party = party;
    (void)mailbox_post(v->box, &m->base); /* one a party and round: never past the limit */
}

void
supervision_redis(struct supervision *v, const char *down)
{
    static const struct message_kind kind = { "redis", on_redis_state, drop_redis_state };
    struct redis_state *m;

    if (!v)
        return;
    m = mem_zalloc(sizeof(*m));
    m->base.kind = &kind;
    m->base.cost = sizeof(*m);
    m->down = mem_strdup(down);
    (void)mailbox_post(v->box, &m->base); /* one a change of Redis' state: as above */
}

/* ---- life ---- */

struct supervision *
supervision_open(struct loop *l, struct notify *n, const struct supervision_options *o)
{
    struct supervision *v;

    if (!n)
        return NULL;
    v = mem_zalloc(sizeof(*v));
    v->options = *o;
    v->loop = l;
    v->notify = n;
    v->period_ms = notify_watchdog_ms(n) / 2;
    v->parties = o->workers + 1;
    v->answered = mem_zalloc(v->parties * sizeof(*v->answered));
    v->box = mailbox_open(l, "supervision", MAILBOX_BYTES, v);
    timer_init(&v->tick, on_tick, v);
    return v;
}

void
supervision_start(struct supervision *v)
{
    if (!v)
        return;
    notify_ready(v->notify);
    tell_status(v, v->options.redis ? "Redis is not connected yet" : "Redis is not used", "");
    if (v->period_ms > 0)
        on_tick(v);
}

void
supervision_stopping(struct supervision *v)
{
    if (!v)
        return;
    v->stopping = true;
    notify_stopping(v->notify);
}

void
supervision_close(struct supervision *v)
{
    if (!v)
        return;
    timer_stop(&v->tick);
    mailbox_close(v->box);
}

void
supervision_free(struct supervision *v)
{
    if (!v)
        return;
    mailbox_free(v->box);
    free(v->answered);
    free(v);
}
