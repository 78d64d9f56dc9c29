/* SPDX-License-Identifier: MIT */
/*
 * hub_link: a worker's mailbox for the hub's messages, and the questions that wait for an answer.
 */
#include "hub/hub_link.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/map.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "hub_messages.h"
#include "net/loop.h"
#include "net/mailbox.h"

/* A turn's messages are posted at its end, so that the hub wakes up once, or when they are so many.
 */
enum { BATCH_BYTES = 65536 };

/* Of on_answer and on_text the one that fits the question. */
struct question {
    uint32_t token; /* the map's key; not 0 */
    hub_link_answer *on_answer;
    hub_link_list *on_text;
    void *owner;
};

/* batch_bytes is the cost of the batch, which is below BATCH_BYTES between two calls. */
struct hub_link {
    struct hub_message_receiver receiver; /* of box */
    unsigned worker;
    struct mailbox *box;
    struct mailbox *to;                       /* the hub's */
    const struct hub_link_handlers *handlers; /* NULL before the attach and after the close */
    void *owner;
    struct map questions; /* token -> struct question, which it owns */
    uint32_t last_token;
    struct loop *loop;
    struct mailbox_chain batch; /* not yet posted */
    size_t batch_bytes;
    struct loop_task flush;
    bool hub_is_behind; /* our post went past its limit; DRAINED is on its way */
    bool hold;          /* the hub waits for some worker */
};

static struct str
token_key(const uint32_t *token)
{
    return str_slice((const char *)token, sizeof(*token));
}

static void
hub_link_on_flush(void *owner)
{
    static const struct hub_message drained = { .type = HUB_MESSAGE_DRAINED };
    struct hub_link *k = owner;
    struct message *batch = mailbox_chain_take(&k->batch);

    ENSURE((batch != NULL) == (k->batch_bytes > 0));
    k->batch_bytes = 0;
    if (!batch || mailbox_post_all(k->to, batch) || k->hub_is_behind)
        return;
    k->hub_is_behind = true;
    mailbox_post_when_below(k->to, k->box, &hub_messages_new(&drained)->base);
}

/* ---- from the hub ---- */

bool
hub_link_full(const struct hub_link *k)
{
    return k->hub_is_behind || k->hold;
}

/* A question that was forgotten has no answer any more. */
static void
take_answer(struct hub_link *k, const struct hub_message *m)
{
    struct question *found = map_remove(&k->questions, token_key(&m->token)), q;

    if (!found)
        return;
    q = *found;
    free(found);
    ENSURE((m->text != NULL) == (q.on_text != NULL));
    if (q.on_text)
        q.on_text(q.owner, q.token, m->text);
    else
        q.on_answer(q.owner, q.token);
}

static void
tell_drained(struct hub_link *k)
{
    if (!hub_link_full(k) && k->handlers && k->handlers->on_drain)
        k->handlers->on_drain(k->owner);
}

static void
hub_link_take(void *owner, const struct hub_message *m)
{
    struct hub_link *k = owner;

    if (m->type == HUB_MESSAGE_BROADCAST) {
        if (k->handlers)
            k->handlers->on_broadcast(k->owner, bytes_str(m->channel), m->text,
                m->except ? bytes_str(m->except) : str_slice(NULL, 0));
    } else if (m->type == HUB_MESSAGE_ANSWER) {
        take_answer(k, m);
    } else if (m->type == HUB_MESSAGE_HOLD) {
        ENSURE(k->hold != (m->number != 0));
        k->hold = m->number;
        tell_drained(k);
    } else {
        ENSURE(m->type == HUB_MESSAGE_DRAINED && k->hub_is_behind);
        k->hub_is_behind = false;
        tell_drained(k);
    }
}

/* ---- life ---- */

struct hub_link *
hub_link_open(struct loop *l, struct hub *h, unsigned worker)
{
    struct hub_link *k = mem_zalloc(sizeof(*k));

    k->receiver = (struct hub_message_receiver){ hub_link_take, k };
    k->worker = worker;
    k->loop = l;
    loop_task_init(&k->flush, hub_link_on_flush, k);
    k->box = mailbox_open(l, hub_mailbox_bytes(h), &k->receiver);
    k->to = hub_add_link(h, worker, k->box);
    return k;
}

void
hub_link_attach(struct hub_link *k, const struct hub_link_handlers *h, void *owner)
{
    ENSURE(!k->handlers);
    k->handlers = h;
    k->owner = owner;
}

static void
forget_questions(struct hub_link *k)
{
    struct question *q;

    for (size_t i = 0; (q = map_next(&k->questions, &i));)
        free(q);
    map_fini(&k->questions);
}

void
hub_link_close(struct hub_link *k)
{
    hub_link_on_flush(k);
    mailbox_close(k->box);
    forget_questions(k);
    k->handlers = NULL;
}

void
hub_link_free(struct hub_link *k)
{
    if (!k)
        return;
    hub_link_on_flush(k);
    loop_task_cancel(&k->flush);
    forget_questions(k);
    mailbox_free(k->box);
    free(k);
}

/* ---- to the hub ---- */

static void
hub_link_post(struct hub_link *k, struct hub_message *m)
{
    m->worker = k->worker;
    mailbox_chain_add(&k->batch, &m->base);
    k->batch_bytes += m->base.cost;
    if (k->batch_bytes < BATCH_BYTES)
        loop_end_of_turn(k->loop, &k->flush);
    else
        hub_link_on_flush(k);
}

void
hub_link_join(struct hub_link *k, struct bytes *name)
{
    hub_link_post(
        k, hub_messages_new(&(struct hub_message){ .type = HUB_MESSAGE_JOIN, .channel = name }));
}

void
hub_link_leave(struct hub_link *k, struct bytes *name)
{
    hub_link_post(
        k, hub_messages_new(&(struct hub_message){ .type = HUB_MESSAGE_LEAVE, .channel = name }));
}

/* given has no token; returns the one that it gets. */
static uint32_t
question_new(struct hub_link *k, const struct question *given)
{
    struct question *q = mem_alloc(sizeof(*q));

    *q = *given;
    do {
        q->token = ++k->last_token;
    } while (q->token == 0 || map_get(&k->questions, token_key(&q->token)));
    ENSURE(!map_put(&k->questions, token_key(&q->token), q));
    return q->token;
}

uint32_t
hub_link_sync(struct hub_link *k, hub_link_answer *on_answer, void *owner)
{
    uint32_t token = question_new(k, &(struct question){ .on_answer = on_answer, .owner = owner });

    hub_link_post(
        k, hub_messages_new(&(struct hub_message){ .type = HUB_MESSAGE_SYNC, .token = token }));
    return token;
}

uint32_t
hub_link_publish(
    struct hub_link *k, const struct hub_event *e, hub_link_answer *on_answer, void *owner)
{
    uint32_t token = question_new(k, &(struct question){ .on_answer = on_answer, .owner = owner });

    hub_link_post(k, hub_messages_publish(e, token));
    return token;
}

void
hub_link_whisper(struct hub_link *k, struct str channel, struct bytes *text, struct str except)
{
    struct bytes *name = bytes_new(channel.data, channel.len);
    struct bytes *sender = bytes_new(except.data, except.len);

    hub_link_post(k, hub_messages_new(&(struct hub_message){
                         .type = HUB_MESSAGE_WHISPER,
                         .channel = name,
                         .text = text,
                         .except = sender,
                     }));
    bytes_unref(name);
    bytes_unref(sender);
}

uint32_t
hub_link_enter(
    struct hub_link *k, const struct presence_member *m, hub_link_list *on_list, void *owner)
{
    uint32_t token = question_new(k, &(struct question){ .on_text = on_list, .owner = owner });

    hub_link_post(k, hub_messages_member(HUB_MESSAGE_ENTER, m, token));
    return token;
}

void
hub_link_depart(struct hub_link *k, struct str channel, struct str id)
{
    const struct presence_member m = { .channel = channel, .id = id };

    hub_link_post(k, hub_messages_member(HUB_MESSAGE_DEPART, &m, 0));
}

uint32_t
hub_link_members(struct hub_link *k, struct str channel, hub_link_list *on_list, void *owner)
{
    const struct hub_question q = { .name = channel };
    uint32_t token = question_new(k, &(struct question){ .on_text = on_list, .owner = owner });

    hub_link_post(k, hub_messages_question(HUB_MESSAGE_MEMBERS, &q, token));
    return token;
}

void
hub_link_sockets(struct hub_link *k, int change)
{
    hub_link_post(k,
        hub_messages_new(&(struct hub_message){ .type = HUB_MESSAGE_SOCKETS, .number = change }));
}

uint32_t
hub_link_ask(struct hub_link *k, const struct hub_question *q, hub_link_json *on_json, void *owner)
{
    uint32_t token = question_new(k, &(struct question){ .on_text = on_json, .owner = owner });

    hub_link_post(k, hub_messages_question(HUB_MESSAGE_ASK, q, token));
    return token;
}

void
hub_link_forget(struct hub_link *k, uint32_t token)
{
    free(map_remove(&k->questions, token_key(&token)));
}
