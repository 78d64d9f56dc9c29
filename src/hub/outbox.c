/* SPDX-License-Identifier: MIT */
/*
 * outbox: a count of the workers that are behind; the first one and the last one matter.
 */
#include "outbox.h"

#include <stdint.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub_messages.h"
#include "net/loop.h"
#include "net/mailbox.h"

/* An overloaded worker is full again and again: it is said at most this often. */
enum { HOLD_LOG_MS = 10000 };

struct worker_end {
    struct mailbox *box; /* the link's; NULL: no link was opened */
    bool full;           /* past its limit; a BELOW message is on its way */
};

struct outbox {
    struct loop *loop;
    struct mailbox *back;
    const struct outbox_handlers *handlers;
    void *owner;
    unsigned full_workers;
    uint64_t holds, hold_logged_ms;
    struct message *held, **held_end; /* answers of POST events that wait */
    unsigned workers;
    struct worker_end worker[];
};

struct outbox *
outbox_new(struct loop *l, unsigned workers, const struct outbox_handlers *h, void *owner)
{
    struct outbox *o = mem_zalloc(sizeof(*o) + workers * sizeof(o->worker[0]));

    o->loop = l;
    o->workers = workers;
    o->handlers = h;
    o->owner = owner;
    o->held_end = &o->held;
    return o;
}

void
outbox_free(struct outbox *o)
{
    while (o->held) {
        struct message *m = o->held;

        o->held = m->next;
        hub_messages_drop(m);
    }
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
    for (unsigned w = 0; w < o->workers; w++) {
        if (o->worker[w].box)
            (void)mailbox_post(o->worker[w].box, hub_messages_sign(HUB_MESSAGE_HOLD, w, on));
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
outbox_post(struct outbox *o, unsigned worker, struct message *m)
{
    struct worker_end *w = &o->worker[worker];
    bool first;

    ENSURE(worker < o->workers && w->box);
    if (mailbox_post(w->box, m) || w->full)
        return;
    w->full = true;
    first = ++o->full_workers == 1;
    mailbox_post_when_below(w->box, o->back, hub_messages_sign(HUB_MESSAGE_BELOW, worker, true));
    if (first)
        hold(o, worker);
}

void
outbox_answer(struct outbox *o, unsigned worker, struct message *m)
{
    if (!outbox_full(o)) {
        outbox_post(o, worker, m);
        return;
    }
    *o->held_end = m;
    o->held_end = &m->next;
}

bool
outbox_full(const struct outbox *o)
{
    return o->full_workers > 0;
}

static void
release_answers(struct outbox *o)
{
    struct message *m = o->held;

    o->held = NULL;
    o->held_end = &o->held;
    while (m) {
        struct message *next = m->next;

        m->next = NULL;
        outbox_post(o, ((struct hub_token_message *)m)->worker, m);
        m = next;
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
