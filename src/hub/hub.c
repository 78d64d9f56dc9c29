/* SPDX-License-Identifier: MIT */
/*
 * hub: the way of an event through the node.
 *
 *   Redis, POST events --> channel known here?  --no--> forgotten, unparsed
 *                                |yes
 *                 envelope parsed, text encoded once --> a message to each worker with listeners
 *
 * When a worker's mailbox is past its limit, Redis is not read, the answers of POST events wait and
 * the workers stop reading from clients that post, until every mailbox is below its limit again.
 */
#include "hub/hub.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub_messages.h"
#include "hub_priv.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "registry.h"
#include "subscriber.h"
#include "wire/envelope.h"
#include "wire/json_scan.h"

/* An overloaded worker is full again and again: it is said at most this often. */
enum { HOLD_LOG_MS = 10000 };

struct worker_end {
    struct mailbox *box; /* the link's; NULL: no link was opened */
    bool full;           /* past its limit; a BELOW message is on its way */
};

struct hub {
    struct loop *loop;
    struct mailbox *box;
    size_t mailbox_bytes;
    bool dev_mode;
    unsigned workers;
    unsigned full_workers;
    uint64_t holds, hold_logged_ms;
    struct worker_end worker[HUB_WORKERS_MAX];
    struct registry *registry;
    struct subscriber *subscriber;    /* NULL without Redis */
    struct message *held, **held_end; /* answers of POST events that wait */
    struct loop_task stop;
    struct buffer scratch;
};

static void
post_to_all(struct hub *h, bool on)
{
    for (unsigned w = 0; w < h->workers; w++) {
        if (h->worker[w].box)
            (void)mailbox_post(h->worker[w].box, hub_messages_sign(HUB_MESSAGE_HOLD, w, on));
    }
}

static void
hold(struct hub *h, unsigned worker)
{
    uint64_t now_ms = loop_now_ms(h->loop);

    h->holds++;
    if (h->hold_logged_ms == 0 || now_ms - h->hold_logged_ms >= HOLD_LOG_MS) {
        h->hold_logged_ms = now_ms;
        log_warning("a worker is behind: Redis and publishers wait worker=%u times=%llu", worker,
            (unsigned long long)h->holds);
    }
    if (h->subscriber)
        subscriber_pause(h->subscriber);
    post_to_all(h, true);
}

static void
post(struct hub *h, unsigned worker, struct message *m)
{
    struct worker_end *w = &h->worker[worker];

    ENSURE(w->box);
    if (mailbox_post(w->box, m) || w->full)
        return;
    w->full = true;
    if (++h->full_workers == 1)
        hold(h, worker);
    mailbox_post_when_below(w->box, h->box, hub_messages_sign(HUB_MESSAGE_BELOW, worker, true));
}

static void
release_answers(struct hub *h)
{
    struct message *m = h->held;

    h->held = NULL;
    h->held_end = &h->held;
    while (m) {
        struct message *next = m->next;

        m->next = NULL;
        post(h, ((struct hub_token_message *)m)->worker, m);
        m = next;
    }
}

void
hub_on_below(void *owner, struct message *m)
{
    struct hub *h = owner;
    struct worker_end *w = &h->worker[((struct hub_sign_message *)m)->worker];

    hub_messages_drop(m);
    ENSURE(w->full);
    w->full = false;
    if (--h->full_workers > 0)
        return;
    log_info("the workers caught up: Redis is read again");
    if (h->subscriber)
        subscriber_resume(h->subscriber);
    post_to_all(h, false);
    release_answers(h);
}

static void
broadcast(struct hub *h, const struct registry_channel *c, struct bytes *text, struct bytes *except)
{
    for (unsigned w = 0; w < h->workers; w++) {
        if (c->of_worker[w] > 0)
            post(h, w, hub_messages_text(HUB_MESSAGE_BROADCAST, c->name, text, except));
    }
}

static struct bytes *
decoded_or_null(struct hub *h, struct str json_string)
{
    if (json_string.len == 0)
        return NULL;
    buffer_clear(&h->scratch);
    json_scan_string(json_string, &h->scratch);
    return h->scratch.len > 0 ? buffer_to_bytes(&h->scratch) : NULL;
}

static void
on_redis_event(void *owner, struct str channel, struct str payload)
{
    struct hub *h = owner;
    const struct registry_channel *c = registry_find(h->registry, channel);
    struct envelope e;
    struct bytes *text, *except;

    if (!c) {
        if (h->dev_mode)
            log_notice("event without a listener channel=%s", LOG_STR(channel));
        return;
    }
    if (!envelope_parse(payload, &e)) {
        if (h->dev_mode)
            log_notice("message ignored, it is no event channel=%s", LOG_STR(channel));
        return;
    }
    if (h->dev_mode)
        log_notice("event channel=%s event=%s", LOG_STR(channel), LOG_STR(e.event));
    text = envelope_encode(&e, channel);
    except = decoded_or_null(h, e.socket);
    broadcast(h, c, text, except);
    bytes_unref(text);
    bytes_unref(except);
}

void
hub_on_join(void *owner, struct message *m)
{
    struct hub *h = owner;
    struct hub_count_message *j = (struct hub_count_message *)m;

    registry_join(h->registry, j->channel, j->worker);
    hub_messages_drop(m);
}

void
hub_on_leave(void *owner, struct message *m)
{
    struct hub *h = owner;
    struct hub_count_message *j = (struct hub_count_message *)m;

    registry_leave(h->registry, j->channel, j->worker);
    hub_messages_drop(m);
}

void
hub_on_sync(void *owner, struct message *m)
{
    struct hub *h = owner;
    const struct hub_token_message t = *(struct hub_token_message *)m;

    hub_messages_drop(m);
    post(h, t.worker, hub_messages_token(HUB_MESSAGE_ANSWER, t.worker, t.token));
}

static void
publish(struct hub *h, const struct hub_publish_message *p, struct str channel)
{
    const struct registry_channel *c = registry_find(h->registry, channel);
    const struct envelope e = {
        .event = bytes_str(p->name),
        .data = p->data ? bytes_str(p->data) : str_slice(NULL, 0),
    };
    struct bytes *text;

    if (h->dev_mode)
        log_notice("event channel=%s event=%s source=http%s", LOG_STR(channel), LOG_STR(e.event),
            c ? "" : " listeners=0");
    if (!c)
        return;
    text = envelope_encode(&e, channel);
    broadcast(h, c, text, p->except);
    bytes_unref(text);
}

void
hub_on_publish(void *owner, struct message *m)
{
    struct hub *h = owner;
    const struct hub_publish_message *p = (struct hub_publish_message *)m;
    struct message *answer = hub_messages_token(HUB_MESSAGE_ANSWER, p->worker, p->token);
    unsigned worker = p->worker;

    for (size_t i = 0; i < p->channel_count; i++)
        publish(h, p, bytes_str(p->channels[i]));
    hub_messages_drop(m);
    if (h->full_workers == 0) {
        post(h, worker, answer);
        return;
    }
    *h->held_end = answer;
    h->held_end = &answer->next;
}

void
hub_on_whisper(void *owner, struct message *m)
{
    struct hub *h = owner;
    const struct hub_text_message *t = (struct hub_text_message *)m;
    const struct registry_channel *c = registry_find(h->registry, bytes_str(t->channel));

    if (c)
        broadcast(h, c, t->text, t->except);
    hub_messages_drop(m);
}

static void
on_stop_task(void *owner)
{
    struct hub *h = owner;

    subscriber_close(h->subscriber);
    h->subscriber = NULL;
    mailbox_close(h->box);
    loop_stop(h->loop);
}

/* The mailbox closes behind the batch that this message came with. */
void
hub_on_stop(void *owner, struct message *m)
{
    struct hub *h = owner;

    hub_messages_drop(m);
    loop_end_of_turn(h->loop, &h->stop);
}

struct hub *
hub_open(struct loop *l, const struct hub_options *o)
{
    struct hub *h = mem_zalloc(sizeof(*h));

    ENSURE(o->workers > 0 && o->workers <= HUB_WORKERS_MAX);
    h->loop = l;
    h->workers = o->workers;
    h->dev_mode = o->dev_mode;
    h->mailbox_bytes = o->mailbox_bytes;
    h->held_end = &h->held;
    h->registry = registry_new(o->workers);
    h->box = mailbox_open(l, "hub", o->mailbox_bytes, h);
    loop_task_init(&h->stop, on_stop_task, h);
    if (o->redis)
        h->subscriber = subscriber_open(l, o, on_redis_event, h);
    return h;
}

void
hub_stop(struct hub *h)
{
    (void)mailbox_post(h->box, hub_messages_sign(HUB_MESSAGE_STOP, 0, true));
}

void
hub_free(struct hub *h)
{
    if (!h)
        return;
    while (h->held) {
        struct message *m = h->held;

        h->held = m->next;
        hub_messages_drop(m);
    }
    mailbox_free(h->box);
    registry_free(h->registry);
    buffer_fini(&h->scratch);
    free(h);
}

void
hub_add_link(struct hub *h, unsigned worker, struct mailbox *box)
{
    ENSURE(worker < h->workers && !h->worker[worker].box);
    h->worker[worker].box = box;
}

struct mailbox *
hub_mailbox(struct hub *h)
{
    return h->box;
}

size_t
hub_mailbox_bytes(const struct hub *h)
{
    return h->mailbox_bytes;
}
