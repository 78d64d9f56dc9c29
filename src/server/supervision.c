/* SPDX-License-Identifier: MIT */
/*
 * supervision: a counter a loop, and a look at all of them.
 *
 *   each loop, every eighth of the time that the manager waits --> its beats
 *   tick, every quarter --> all have beaten since the last WATCHDOG=1? --> WATCHDOG=1
 *
 * So one thread that hangs starves the watchdog, and the manager ends the process.
 */
#include "supervision.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "notify.h"

enum { MAILBOX_BYTES = 1 << 20 };

struct party {
    struct loop *loop;
    uint64_t beats; /* at well_ms */
};

/*
 * Every party has a loop before supervision_start().  Beats are counted only where the manager
 * waits for them (period_ms), and a silent party does not matter once it is stopping.
 */
struct supervision {
    struct supervision_options options;
    struct loop *loop;
    struct notify *notify;
    struct mailbox *box;
    struct timer tick;
    uint64_t period_ms; /* of tick; 0: no watchdog */
    uint64_t well_ms;   /* when WATCHDOG=1 was last sent */
    struct party *parties;
    unsigned party_count; /* the workers, then the hub */
    bool stopping;
};

/* ---- beats ---- */

/* Logs each party that does not beat. */
static bool
all_beat(const struct supervision *v)
{
    uint64_t ms = loop_now_ms(v->loop) - v->well_ms;
    bool all = true;

    for (unsigned i = 0; i < v->party_count; i++) {
        if (loop_beats(v->parties[i].loop) != v->parties[i].beats)
            continue;
        all = false;
        if (i < v->options.workers)
            log_warning("worker %u does not answer ms=%" PRIu64, i, ms);
        else
            log_warning("the hub does not answer ms=%" PRIu64, ms);
    }
    return all;
}

/* A party that has ended in order beats no more. */
static void
supervision_on_tick(void *owner)
{
    struct supervision *v = owner;

    ENSURE(v->period_ms > 0);
    timer_start(v->loop, &v->tick, v->period_ms);
    if (!v->stopping && !all_beat(v))
        return;
    v->well_ms = loop_now_ms(v->loop);
    for (unsigned i = 0; i < v->party_count; i++)
        v->parties[i].beats = loop_beats(v->parties[i].loop);
    notify_alive(v->notify);
}

/* ---- what the hub says ---- */

struct redis_state {
    struct message base;
    char *down; /* NULL: it is not */
};

static void
supervision_tell(const struct supervision *v, const char *redis, const char *reason)
{
    struct buffer text = { 0 };

    buffer_printf(&text, "Listening on port %u. %s%s", v->options.port, redis, reason);
    notify_status(v->notify, buffer_str(&text));
    buffer_fini(&text);
}

static void
supervision_drop_redis(struct message *m)
{
    free(((struct redis_state *)m)->down);
    free(m);
}

static void
supervision_on_redis(void *owner, struct message *m)
{
    const char *down = ((struct redis_state *)m)->down;

    supervision_tell(owner, down ? "Redis unreachable: " : "Redis connected", down ? down : "");
    supervision_drop_redis(m);
}

void
supervision_redis(struct supervision *v, const char *down)
{
    static const struct message_kind kind = { "redis", supervision_on_redis,
        supervision_drop_redis };
    struct redis_state *m;

    if (!v)
        return;
    m = mem_zalloc(sizeof(*m));
    m->base.kind = &kind;
    m->base.cost = sizeof(*m);
    m->down = mem_strdup(down);
    (void)mailbox_post(v->box, &m->base); /* one a change: never past the limit */
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
    v->period_ms = notify_watchdog_ms(n) / 4;
    v->party_count = o->workers + 1;
    v->parties = mem_zalloc(v->party_count * sizeof(*v->parties));
    v->box = mailbox_open(l, MAILBOX_BYTES, v);
    timer_init(&v->tick, supervision_on_tick, v);
    return v;
}

void
supervision_watch(struct supervision *v, unsigned party, struct loop *l)
{
    if (!v)
        return;
    ENSURE(party < v->party_count);
    v->parties[party].loop = l;
    if (v->period_ms > 0)
        loop_beat(l, v->period_ms / 2);
}

void
supervision_start(struct supervision *v)
{
    if (!v)
        return;
    for (unsigned i = 0; i < v->party_count; i++)
        ENSURE(v->parties[i].loop);
    notify_ready(v->notify);
    supervision_tell(v, v->options.redis ? "Redis is not connected yet" : "Redis is not used", "");
    v->well_ms = loop_now_ms(v->loop);
    if (v->period_ms > 0)
        timer_start(v->loop, &v->tick, v->period_ms);
}

void
supervision_stopping(struct supervision *v)
{
    if (!v)
        return;
    ENSURE(!v->stopping);
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
    free(v->parties);
    free(v);
}
