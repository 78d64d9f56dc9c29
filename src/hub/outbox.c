/* SPDX-License-Identifier: MIT */
/*
 * outbox: a batch for each worker, the run of events that is still open, and how many workers are
 * behind, of which the first and the last matter.
 */
#include "outbox.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub_messages.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "registry.h"
#include "wire/eio_packet.h"

/* An overloaded worker is full again and again: it is logged at most this often. */
enum { HOLD_LOG_MS = 10000 };
/* A run gets no longer: each slow reader may keep one. */
enum { RUN_BYTES = 65536 };

struct worker_end {
    struct mailbox *box;        /* the link's; NULL: no link was opened */
    struct mailbox_chain batch; /* of this turn */
    bool full;                  /* past its limit; a BELOW message is on its way */
    bool in_run;                /* has listeners of the run */
};

/*
 * Events that follow each other in one channel, with nothing between them.  One that excepts a
 * socket is sealed at once, so a run of several has no exception.
 */
struct run {
    struct bytes *channel; /* NULL: none is open */
    struct bytes *text;    /* the first one */
    struct bytes *except;  /* of a run of one; NULL: no socket */
    struct buffer joined;  /* all, once there are two */
};

/* full_workers is how many ends are full; answers are held only while there is one.  A batch that
 * is not empty, or an open run, has the flush to come. */
struct outbox {
    struct loop *loop;
    struct mailbox *back;
    const struct outbox_handlers *handlers;
    void *owner;
    unsigned full_workers;
    uint64_t holds; /* as of the last line about them */
    struct log_gate hold_gate;
    struct mailbox_chain held; /* answers to publishers */
    struct run run;
    struct loop_task flush;
    unsigned workers;
    struct worker_end worker[];
};

static void
outbox_append(struct outbox *o, unsigned worker, struct hub_message *m)
{
    ENSURE(worker < o->workers && o->worker[worker].box);
    mailbox_chain_add(&o->worker[worker].batch, &m->base);
    loop_end_of_turn(o->loop, &o->flush);
}

/* ---- the run ---- */

static void
run_seal(struct outbox *o)
{
    struct run *r = &o->run;
    struct hub_message m = { .type = HUB_MESSAGE_BROADCAST };
    unsigned receivers = 0;

    if (!r->channel)
        return;
    ENSURE(!r->except || r->joined.len == 0);
    m.channel = r->channel;
    m.text = r->joined.len > 0 ? buffer_to_bytes(&r->joined) : bytes_ref(r->text);
    m.except = r->except;
    for (unsigned i = 0; i < o->workers; i++) {
        if (!o->worker[i].in_run)
            continue;
        outbox_append(o, i, hub_messages_new(&m));
        receivers++;
    }
    ENSURE(receivers > 0);
    bytes_unref(m.text);
    bytes_unref(r->channel);
    bytes_unref(r->text);
    bytes_unref(r->except);
    buffer_fini(&r->joined);
    r->channel = r->text = r->except = NULL;
}

/* A worker whose first listener came meanwhile must not get what was before. */
static bool
run_continues(const struct outbox *o, const struct registry_channel *c, const struct bytes *text)
{
    const struct run *r = &o->run;
    bool same = r->channel == c->name && r->text->len + r->joined.len + text->len < RUN_BYTES;

    for (unsigned i = 0; i < o->workers && same; i++)
        same = o->worker[i].in_run == (c->of_worker[i] > 0);
    return same;
}

void
outbox_broadcast(
    struct outbox *o, const struct registry_channel *c, struct bytes *text, struct bytes *except)
{
    struct run *r = &o->run;

    if (!except && r->channel && run_continues(o, c, text)) {
        if (r->joined.len == 0)
            buffer_append_str(&r->joined, bytes_str(r->text));
        buffer_append_char(&r->joined, EIO_SEPARATOR);
        buffer_append_str(&r->joined, bytes_str(text));
        return;
    }
    run_seal(o);
    r->channel = bytes_ref(c->name);
    r->text = bytes_ref(text);
    r->except = except ? bytes_ref(except) : NULL;
    for (unsigned i = 0; i < o->workers; i++)
        o->worker[i].in_run = c->of_worker[i] > 0;
    if (except)
        run_seal(o);
    else
        loop_end_of_turn(o->loop, &o->flush);
}

/* ---- the workers ---- */

void
outbox_add(struct outbox *o, unsigned worker, struct mailbox *box, struct mailbox *back)
{
    ENSURE(worker < o->workers && !o->worker[worker].box);
    o->worker[worker].box = box;
    o->back = back;
}

void
outbox_post(struct outbox *o, unsigned worker, struct hub_message *m)
{
    run_seal(o);
    m->worker = worker;
    outbox_append(o, worker, m);
}

bool
outbox_full(const struct outbox *o)
{
    return o->full_workers > 0;
}

/* At once: a worker must not learn only after its batch that the hub waits. */
static void
post_to_all(struct outbox *o, bool on)
{
    const struct hub_message m = { .type = HUB_MESSAGE_HOLD, .number = on };

    for (unsigned w = 0; w < o->workers; w++) {
        if (o->worker[w].box)
            (void)mailbox_post(o->worker[w].box, &hub_messages_new(&m)->base);
    }
}

static void
outbox_hold(struct outbox *o, unsigned worker)
{
    unsigned times = log_gate_pass(&o->hold_gate, loop_now_ms(o->loop), HOLD_LOG_MS, 1);

    o->holds += times;
    if (times > 0)
        log_warning("a worker is behind: Redis and publishers wait worker=%u times=%llu", worker,
            (unsigned long long)o->holds);
    post_to_all(o, true);
    o->handlers->on_hold(o->owner);
}

static void
post_batch(struct outbox *o, unsigned worker)
{
    struct worker_end *w = &o->worker[worker];
    const struct hub_message below = { .type = HUB_MESSAGE_BELOW, .worker = worker };

    if (mailbox_post_all(w->box, mailbox_chain_take(&w->batch)) || w->full)
        return;
    w->full = true;
    o->full_workers++;
    ENSURE(o->full_workers <= o->workers);
    mailbox_post_when_below(w->box, o->back, &hub_messages_new(&below)->base);
    if (o->full_workers == 1)
        outbox_hold(o, worker);
}

static void
outbox_on_flush(void *owner)
{
    struct outbox *o = owner;

    run_seal(o);
    for (unsigned i = 0; i < o->workers; i++) {
        if (o->worker[i].batch.first)
            post_batch(o, i);
    }
}

void
outbox_answer(struct outbox *o, unsigned worker, uint32_t token)
{
    struct hub_message *m = hub_messages_new(
        &(struct hub_message){ .type = HUB_MESSAGE_ANSWER, .worker = worker, .token = token });

    if (outbox_full(o))
        mailbox_chain_add(&o->held, &m->base);
    else
        outbox_post(o, worker, m);
}

void
outbox_below(struct outbox *o, unsigned worker)
{
    struct message *m;

    ENSURE(worker < o->workers && o->worker[worker].full && o->full_workers > 0);
    o->worker[worker].full = false;
    if (--o->full_workers > 0)
        return;
    log_gated(LOG_LEVEL_INFO, LOG_GATE_MOST, "the workers have caught up: Redis is read again");
    post_to_all(o, false);
    m = mailbox_chain_take(&o->held);
    while (m) {
        struct hub_message *answer = (struct hub_message *)m;

        m = m->next;
        outbox_post(o, answer->worker, answer);
    }
    o->handlers->on_release(o->owner);
}

/* ---- life ---- */

struct outbox *
outbox_new(struct loop *l, unsigned workers, const struct outbox_handlers *h, void *owner)
{
    struct outbox *o = mem_zalloc(sizeof(*o) + workers * sizeof(o->worker[0]));

    o->loop = l;
    o->workers = workers;
    o->handlers = h;
    o->owner = owner;
    loop_task_init(&o->flush, outbox_on_flush, o);
    return o;
}

void
outbox_free(struct outbox *o)
{
    run_seal(o);
    loop_task_cancel(&o->flush);
    for (unsigned i = 0; i < o->workers; i++)
        mailbox_chain_drop(&o->worker[i].batch);
    mailbox_chain_drop(&o->held);
    free(o);
}
