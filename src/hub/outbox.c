/* SPDX-License-Identifier: MIT */
/*
 * outbox: a count of the workers that are behind; the first one and the last one matter.
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

/* An overloaded worker is full again and again: it is said at most this often. */
enum { HOLD_LOG_MS = 10000 };
/* A run gets no longer: each slow reader may keep one. */
enum { RUN_BYTES = 65536 };

struct worker_end {
    struct mailbox *box;        /* the link's; NULL: no link was opened */
    struct mailbox_chain batch; /* of this turn */
    bool full;                  /* past its limit; a BELOW message is on its way */
    bool in_run;                /* has listeners of the run */
};

/* Events that follow each other in one channel, and nothing came between them. */
struct run {
    struct bytes *channel; /* NULL: none is open */
    struct bytes *text;    /* the first one */
    struct bytes *except;  /* of a run of one; NULL: nobody */
    struct buffer joined;  /* all, once there are two */
};

struct outbox {
    struct loop *loop;
    struct mailbox *back;
    const struct outbox_handlers *handlers;
    void *owner;
    unsigned full_workers;
    uint64_t holds, hold_logged_ms;
    struct mailbox_chain held; /* answers of POST events that wait */
    struct run run;
    struct loop_task flush;
    unsigned workers;
    struct worker_end worker[];
};

static void
append(struct outbox *o, struct worker_end *w, struct hub_message *m)
{
    mailbox_chain_add(&w->batch, &m->base);
    loop_end_of_turn(o->loop, &o->flush);
}

/* ---- the run ---- */

static void
seal(struct outbox *o)
{
    struct run *r = &o->run;
    struct hub_message m = { .type = HUB_MESSAGE_BROADCAST };

    if (!r->channel)
        return;
    m.channel = r->channel;
    m.text = r->joined.len > 0 ? buffer_to_bytes(&r->joined) : bytes_ref(r->text);
    m.except = r->except;
    for (unsigned i = 0; i < o->workers; i++) {
        if (o->worker[i].in_run)
            append(o, &o->worker[i], hub_messages_new(&m));
    }
    bytes_unref(m.text);
    bytes_unref(r->channel);
    bytes_unref(r->text);
    bytes_unref(r->except);
    buffer_fini(&r->joined);
    r->channel = r->text = r->except = NULL;
}

static void
begin_run(struct outbox *o, const struct registry_channel *c, struct bytes *text)
{
    o->run.channel = bytes_ref(c->name);
    o->run.text = bytes_ref(text);
    for (unsigned i = 0; i < o->workers; i++)
        o->worker[i].in_run = c->of_worker[i] > 0;
    loop_end_of_turn(o->loop, &o->flush);
}

/* A worker whose first listener came meanwhile must not hear what was before. */
static bool
continues(const struct outbox *o, const struct registry_channel *c, const struct bytes *text)
{
    const struct run *r = &o->run;
    bool same = r->channel == c->name && r->text->len + r->joined.len + text->len < RUN_BYTES;

    for (unsigned i = 0; i < o->workers && same; i++)
        same = o->worker[i].in_run == (c->of_worker[i] > 0);
    return same;
}

static void
continue_run(struct run *r, const struct bytes *text)
{
    if (r->joined.len == 0)
        buffer_append_str(&r->joined, bytes_str(r->text));
    buffer_append_char(&r->joined, EIO_SEPARATOR);
    buffer_append_str(&r->joined, bytes_str(text));
}

void
outbox_broadcast(
    struct outbox *o, const struct registry_channel *c, struct bytes *text, struct bytes *except)
{
    if (!except && o->run.channel && continues(o, c, text)) {
        continue_run(&o->run, text);
        return;
    }
    seal(o);
    begin_run(o, c, text);
    if (!except)
        return;
    o->run.except = bytes_ref(except);
    seal(o);
}

/* ---- the workers ---- */

static void flush(void *owner);

struct outbox *
outbox_new(struct loop *l, unsigned workers, const struct outbox_handlers *h, void *owner)
{
    struct outbox *o = mem_zalloc(sizeof(*o) + workers * sizeof(o->worker[0]));

    o->loop = l;
    o->workers = workers;
    o->handlers = h;
    o->owner = owner;
    loop_task_init(&o->flush, flush, o);
    return o;
}

void
outbox_free(struct outbox *o)
{
    seal(o);
    loop_task_cancel(&o->flush);
    for (unsigned i = 0; i < o->workers; i++)
        mailbox_chain_drop(&o->worker[i].batch);
    mailbox_chain_drop(&o->held);
    free(o);
}

void
outbox_add(struct outbox *o, unsigned worker, struct mailbox *box, struct mailbox *back)
{
    ENSURE(worker < o->workers && !o->worker[worker].box);
    o->worker[worker].box = box;
    o->back = back;
}

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
hold(struct outbox *o, unsigned worker)
{
    uint64_t now_ms = loop_now_ms(o->loop);

    o->holds++;
    if (o->hold_logged_ms == 0 || now_ms - o->hold_logged_ms >= HOLD_LOG_MS) {
        o->hold_logged_ms = now_ms;
        log_warning("a worker is behind: Redis and publishers wait worker=%u times=%llu", worker,
            (unsigned long long)o->holds);
    }
    post_to_all(o, true);
    o->handlers->on_hold(o->owner);
}

void
outbox_post(struct outbox *o, unsigned worker, struct hub_message *m)
{
    ENSURE(worker < o->workers && o->worker[worker].box);
    seal(o);
    m->worker = worker;
    append(o, &o->worker[worker], m);
}

static void
post_batch(struct outbox *o, unsigned worker)
{
    struct worker_end *w = &o->worker[worker];
    const struct hub_message below = { .type = HUB_MESSAGE_BELOW, .worker = worker };
    bool first;

    if (mailbox_post_all(w->box, mailbox_chain_take(&w->batch)) || w->full)
        return;
    w->full = true;
    first = ++o->full_workers == 1;
    mailbox_post_when_below(w->box, o->back, &hub_messages_new(&below)->base);
    if (first)
        hold(o, worker);
}

static void
flush(void *owner)
{
    struct outbox *o = owner;

    seal(o);
    for (unsigned i = 0; i < o->workers; i++) {
        if (o->worker[i].batch.first)
            post_batch(o, i);
    }
}

void
outbox_answer(struct outbox *o, unsigned worker, struct hub_message *m)
{
    if (!outbox_full(o)) {
        outbox_post(o, worker, m);
        return;
    }
    m->worker = worker;
    mailbox_chain_add(&o->held, &m->base);
}

bool
outbox_full(const struct outbox *o)
{
    return o->full_workers > 0;
}

static void
release_answers(struct outbox *o)
{
    struct message *m = mailbox_chain_take(&o->held);

    while (m) {
        struct hub_message *answer = (struct hub_message *)m;

        m = m->next;
        outbox_post(o, answer->worker, answer);
    }
}

void
outbox_below(struct outbox *o, unsigned worker)
{
    struct worker_end *w = &o->worker[worker];

    ENSURE(w->full);
    w->full = false;
    if (--o->full_workers > 0)
        return;
    log_info("the workers caught up: Redis is read again");
    post_to_all(o, false);
    release_answers(o);
    o->handlers->on_release(o->owner);
}
