/* SPDX-License-Identifier: MIT */
/*
 * hub: its parts put together, and which of them a message is for.
 *
 *   workers --> registry, dispatch, presence, counts --> outbox --> workers
 *   cluster (Redis, other nodes) --> the same
 */
#include "hub/hub.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "cluster/cluster.h"
#include "counts.h"
#include "dispatch.h"
#include "hub/hub_link.h"
#include "hub_messages.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "outbox.h"
#include "presence/presence.h"
#include "registry.h"

/* The end waits so long for Redis to take the farewell. */
enum { FAREWELL_MS = 1000, NODE_BYTES = 9 };

/*
 * RUNNING --hub_retire--> RETIRING --the others know--> RETIRED
 *
 * With hub_stop() (stopping) the loop ends in RETIRED, or when FAREWELL_MS are over.
 */
enum hub_state { HUB_RUNNING, HUB_RETIRING, HUB_RETIRED };

/*
 * presence is NULL only once the end has come, and the others are there from hub_open() to
 * hub_free(); what comes through the mailbox finds them all, since the mailbox closes with them.
 */
struct hub {
    struct hub_message_receiver receiver; /* of box */
    struct loop *loop;
    struct mailbox *box;
    size_t mailbox_bytes;
    uint64_t leave_grace_ms;
    enum hub_state state;
    bool stopping;
    struct outbox *outbox;
    struct registry *registry;
    struct dispatch *dispatch;
    struct cluster *cluster; /* NULL without Redis */
    struct presence *presence;
    struct counts *counts;
    struct timer farewell;
    struct loop_task stop;
};

/* The only place that writes h->state: the states follow each other, and none is skipped. */
static void
hub_enter(struct hub *h, enum hub_state next)
{
    ENSURE(next == h->state + 1);
    h->state = next;
}

/* ---- from its parts ---- */

/* text is NULL where none was asked for. */
static void
hub_answer(void *owner, unsigned worker, uint32_t token, struct bytes *text)
{
    outbox_post(((struct hub *)owner)->outbox, worker,
        hub_messages_new(
            &(struct hub_message){ .type = HUB_MESSAGE_ANSWER, .token = token, .text = text }));
}

/* Presence follows the channels that have listeners here.  When the hub ends, presence lets go of
 * its channels while it is freed. */
static void
listeners_changed(struct hub *h, struct bytes *channel, bool on)
{
    if (h->presence && presence_is(bytes_str(channel)))
        presence_listen(h->presence, channel, on);
}

static void
on_presence_event(void *owner, struct str channel, struct bytes *text)
{
    dispatch_local(((struct hub *)owner)->dispatch, channel, text, NULL);
}

static void
on_presence_listening(void *owner, struct bytes *channel, unsigned worker, bool on)
{
    struct hub *h = owner;
    bool edge = on ? registry_hold(h->registry, channel, worker)
                   : registry_release(h->registry, channel, worker);

    if (edge)
        listeners_changed(h, channel, on);
}

static bool
outbox_is_full(void *owner)
{
    return outbox_full(((struct hub *)owner)->outbox);
}

static void
on_outbox_hold(void *owner)
{
    struct hub *h = owner;

    if (h->cluster)
        cluster_pause(h->cluster);
}

static void
on_outbox_release(void *owner)
{
    struct hub *h = owner;

    if (h->cluster)
        cluster_resume(h->cluster);
    presence_resume(h->presence);
}

/* ---- the end ---- */

static void
on_stop_task(void *owner)
{
    struct hub *h = owner;
    struct presence *p = h->presence;

    ENSURE(h->stopping && h->state != HUB_RUNNING);
    timer_stop(&h->farewell);
    counts_free(h->counts);
    h->presence = NULL; /* its rooms let go of their channels */
    presence_free(p);
    dispatch_attach(h->dispatch, NULL);
    cluster_close(h->cluster);
    h->cluster = NULL;
    mailbox_close(h->box);
    loop_stop(h->loop);
}

/* The mailbox closes after the batch that this is called in. */
static void
hub_end(void *owner)
{
    struct hub *h = owner;

    loop_end_of_turn(h->loop, &h->stop);
}

static void
on_retired(void *owner)
{
    struct hub *h = owner;

    hub_enter(h, HUB_RETIRED);
    if (h->stopping)
        hub_end(h);
}

static void
hub_begin_retiring(struct hub *h)
{
    if (h->state != HUB_RUNNING)
        return;
    hub_enter(h, HUB_RETIRING);
    presence_retire(h->presence);
    if (h->cluster)
        cluster_retire(h->cluster, h->leave_grace_ms);
    else
        on_retired(h);
}

static void
hub_begin_stopping(struct hub *h)
{
    h->stopping = true;
    hub_begin_retiring(h);
    if (h->state == HUB_RETIRED)
        hub_end(h);
    else
        timer_start(h->loop, &h->farewell, FAREWELL_MS);
}

/* Taken past the mailbox's limit as well. */
static void
hub_post_to_itself(struct hub *h, enum hub_message_type type)
{
    (void)mailbox_post(h->box, &hub_messages_new(&(struct hub_message){ .type = type })->base);
}

void
hub_retire(struct hub *h)
{
    hub_post_to_itself(h, HUB_MESSAGE_RETIRE);
}

void
hub_stop(struct hub *h)
{
    hub_post_to_itself(h, HUB_MESSAGE_STOP);
}

/* ---- from the workers ---- */

static void
hub_take(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;
    struct presence_member member;
    struct hub_question question;
    struct hub_event event;

    ENSURE(m->type < HUB_MESSAGE_BROADCAST);
    switch (m->type) {
    case HUB_MESSAGE_JOIN:
        if (registry_join(h->registry, m->channel, m->worker))
            listeners_changed(h, m->channel, true);
        return;
    case HUB_MESSAGE_LEAVE:
        if (registry_leave(h->registry, m->channel, m->worker))
            listeners_changed(h, m->channel, false);
        return;
    case HUB_MESSAGE_SYNC:
        hub_answer(h, m->worker, m->token, NULL);
        return;
    case HUB_MESSAGE_PUBLISH:
        event = hub_messages_as_event(m);
        dispatch_api(h->dispatch, &event);
        outbox_answer(h->outbox, m->worker, m->token);
        return;
    case HUB_MESSAGE_WHISPER:
        dispatch_whisper(h->dispatch, bytes_str(m->channel), m->text, m->except);
        return;
    case HUB_MESSAGE_ENTER:
        member = hub_messages_as_member(m);
        presence_enter(h->presence, m->worker, m->token, &member);
        return;
    case HUB_MESSAGE_DEPART:
        member = hub_messages_as_member(m);
        presence_depart(h->presence, member.channel, member.id);
        return;
    case HUB_MESSAGE_MEMBERS:
        question = hub_messages_as_question(m);
        presence_list(h->presence, m->worker, m->token, question.name);
        return;
    case HUB_MESSAGE_ASK:
        question = hub_messages_as_question(m);
        counts_ask(h->counts, m->worker, m->token, &question);
        return;
    case HUB_MESSAGE_SOCKETS:
        counts_sockets(h->counts, m->number);
        return;
    case HUB_MESSAGE_BELOW:
        outbox_below(h->outbox, m->worker);
        return;
    case HUB_MESSAGE_RETIRE:
        hub_begin_retiring(h);
        return;
    case HUB_MESSAGE_STOP:
        hub_begin_stopping(h);
        return;
    case HUB_MESSAGE_BROADCAST:
    case HUB_MESSAGE_ANSWER:
    case HUB_MESSAGE_HOLD:
    case HUB_MESSAGE_DRAINED:
        return; /* for workers */
    }
}

/* ---- the beginning ---- */

static void
open_parts(struct hub *h, const struct hub_options *o)
{
    static const struct outbox_handlers of_outbox = { on_outbox_hold, on_outbox_release };
    static const struct presence_handlers of_presence = {
        .on_event = on_presence_event,
        .on_list = hub_answer,
        .on_listening = on_presence_listening,
        .is_full = outbox_is_full,
    };
    char random[NODE_BYTES], name[NODE_BYTES * 4 / 3 + 1];
    struct cluster_place place;
    struct presence_options presence = { .grace_ms = o->leave_grace_ms };

    digest_random(random, sizeof(random));
    place.node = str_slice(name, digest_base64url(random, sizeof(random), name));
    h->outbox = outbox_new(h->loop, o->workers, &of_outbox, h);
    h->registry = registry_new(o->workers);
    h->dispatch = dispatch_new(h->registry, h->outbox, o->dev_mode);
    h->counts = counts_new(h->loop, h->registry, hub_answer, h);
    place.channels = registry_as_channels(h->registry);
    place.events = dispatch_as_events(h->dispatch);
    place.respondent = counts_as_respondent(h->counts);
    if (o->cluster.events || o->cluster.presence)
        h->cluster = cluster_open(h->loop, &o->cluster, &place, on_retired, h);
    presence.node = place.node;
    presence.store = o->cluster.presence ? cluster_store(h->cluster) : NULL;
    h->presence = presence_new(h->loop, &presence, &of_presence, h);
    dispatch_attach(h->dispatch, h->cluster);
    counts_attach(h->counts, h->presence, h->cluster);
}

struct hub *
hub_open(struct loop *l, const struct hub_options *o)
{
    struct hub *h = mem_zalloc(sizeof(*h));

    ENSURE(o->workers > 0 && o->workers <= HUB_WORKERS_MAX);
    h->receiver = (struct hub_message_receiver){ hub_take, h };
    h->loop = l;
    h->mailbox_bytes = o->mailbox_bytes;
    h->leave_grace_ms = o->leave_grace_ms;
    h->box = mailbox_open(l, o->mailbox_bytes, &h->receiver);
    loop_task_init(&h->stop, on_stop_task, h);
    timer_init(&h->farewell, hub_end, h);
    open_parts(h, o);
    return h;
}

void
hub_free(struct hub *h)
{
    if (!h)
        return;
    outbox_free(h->outbox);
    mailbox_free(h->box);
    registry_free(h->registry);
    dispatch_free(h->dispatch);
    free(h);
}

struct mailbox *
hub_add_link(struct hub *h, unsigned worker, struct mailbox *box)
{
    outbox_add(h->outbox, worker, box, h->box);
    return h->box;
}

size_t
hub_mailbox_bytes(const struct hub *h)
{
    return h->mailbox_bytes;
}
