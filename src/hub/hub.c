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
#include "hub_priv.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/timer.h"
#include "outbox.h"
#include "presence/presence.h"
#include "presence/presence_memory.h"
#include "registry.h"

/* The end waits so long for Redis to take the farewell. */
enum { FAREWELL_MS = 1000, NODE_BYTES = 9 };

/*
 * RUNNING --hub_retire--> RETIRING --the others know--> RETIRED
 *
 * With hub_stop() (stopping) the loop ends in RETIRED, or when FAREWELL_MS are over.
 */
enum hub_state { HUB_RUNNING, HUB_RETIRING, HUB_RETIRED };

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

/* ---- events ---- */

static struct hub_message *
answer_to(const struct hub_message *m)
{
    return hub_messages_new(&(struct hub_message){ .type = HUB_MESSAGE_ANSWER, .token = m->token });
}

static void
on_publish(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;
    const struct hub_event e = hub_messages_as_event(m);

    dispatch_api(h->dispatch, &e);
    outbox_answer(h->outbox, m->worker, answer_to(m));
}

static void
on_whisper(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;

    dispatch_whisper(h->dispatch, bytes_str(m->channel), m->text, m->except);
}

/* ---- channels ---- */

/* Presence follows the channels that have listeners here. */
static void
listeners_changed(struct hub *h, struct bytes *channel, bool on)
{
    if (h->presence && presence_is(bytes_str(channel)))
        presence_listen(h->presence, channel, on);
}

static void
on_join(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;

    if (registry_join(h->registry, m->channel, m->worker))
        listeners_changed(h, m->channel, true);
}

static void
on_leave(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;

    if (registry_leave(h->registry, m->channel, m->worker))
        listeners_changed(h, m->channel, false);
}

static void
on_sync(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;

    outbox_post(h->outbox, m->worker, answer_to(m));
}

/* ---- presence ---- */

static void
on_presence_event(void *owner, struct str channel, struct bytes *text)
{
    struct hub *h = owner;

    dispatch_local(h->dispatch, channel, text);
}

static void
on_text(void *owner, unsigned worker, uint32_t token, struct bytes *text)
{
    struct hub *h = owner;

    outbox_post(h->outbox, worker,
        hub_messages_new(
            &(struct hub_message){ .type = HUB_MESSAGE_CONTENT, .token = token, .text = text }));
}

static void
on_listening(void *owner, struct bytes *channel, unsigned worker, bool on)
{
    struct hub *h = owner;
    bool edge = on ? registry_hold(h->registry, channel, worker)
                   : registry_release(h->registry, channel, worker);

    if (edge)
        listeners_changed(h, channel, on);
}

static bool
is_full(void *owner)
{
    return outbox_full(((struct hub *)owner)->outbox);
}

static void
on_enter(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;
    const struct presence_member member = hub_messages_as_member(m);

    presence_enter(h->presence, m->worker, m->token, &member);
}

static void
on_depart(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;
    const struct presence_member member = hub_messages_as_member(m);

    presence_depart(h->presence, member.channel, member.id);
}

static void
on_members(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;

    presence_list(h->presence, m->worker, m->token, hub_messages_as_question(m).name);
}

static void
on_sockets(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;

    counts_sockets(h->counts, m->number);
}

static void
on_ask(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;
    const struct hub_question q = hub_messages_as_question(m);

    counts_ask(h->counts, m->worker, m->token, &q);
}

static void
on_below(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;

    outbox_below(h->outbox, m->worker);
}

static void
on_hold(void *owner)
{
    struct hub *h = owner;

    if (h->cluster)
        cluster_pause(h->cluster);
}

static void
on_release(void *owner)
{
    struct hub *h = owner;

    if (h->cluster)
        cluster_resume(h->cluster);
    presence_resume(h->presence);
}

/* Taken past the mailbox's limit as well. */
static void
say(struct hub *h, enum hub_message_type type)
{
    (void)mailbox_post(h->box, &hub_messages_new(&(struct hub_message){ .type = type })->base);
}

/* ---- the end ---- */

static void
on_stop_task(void *owner)
{
    struct hub *h = owner;
    struct presence *p = h->presence;

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

/* The mailbox closes behind the batch that this is called in. */
static void
end(void *owner)
{
    struct hub *h = owner;

    loop_end_of_turn(h->loop, &h->stop);
}

static void
on_retired(void *owner)
{
    struct hub *h = owner;

    h->state = HUB_RETIRED;
    if (h->stopping)
        end(h);
}

static void
retire(struct hub *h)
{
    if (h->state != HUB_RUNNING)
        return;
    h->state = HUB_RETIRING;
    presence_retire(h->presence);
    if (h->cluster)
        cluster_retire(h->cluster, h->leave_grace_ms);
    else
        on_retired(h);
}

static void
on_retire(void *owner, const struct hub_message *m)
{
    (void)m;
    retire(owner);
}

static void
on_stop(void *owner, const struct hub_message *m)
{
    struct hub *h = owner;

    (void)m;
    h->stopping = true;
    retire(h);
    if (h->state == HUB_RETIRED)
        end(h);
    else
        timer_start(h->loop, &h->farewell, FAREWELL_MS);
}

void
hub_retire(struct hub *h)
{
    say(h, HUB_MESSAGE_RETIRE);
}

void
hub_stop(struct hub *h)
{
    say(h, HUB_MESSAGE_STOP);
}

/* ---- the beginning ---- */

static void
open_cluster(struct hub *h, const struct cluster_options *o, struct str node)
{
    const struct cluster_place place = {
        .node = node,
        .channels = registry_as_channels(h->registry),
        .events = dispatch_as_events(h->dispatch),
        .respondent = counts_as_respondent(h->counts),
    };

    if (o->events || o->presence)
        h->cluster = cluster_open(h->loop, o, &place, on_retired, h);
}

static void
open_presence(struct hub *h, const struct hub_options *o, struct str node)
{
    static const struct presence_handlers handlers = {
        .on_event = on_presence_event,
        .on_list = on_text,
        .on_listening = on_listening,
        .is_full = is_full,
    };
    const struct presence_options options = {
        .node = node,
        .grace_ms = o->leave_grace_ms,
        .store = o->cluster.presence ? cluster_store(h->cluster) : presence_memory_new(),
    };

    h->presence = presence_new(h->loop, &options, &handlers, h);
}

static void
open_parts(struct hub *h, const struct hub_options *o)
{
    static const struct outbox_handlers handlers = { on_hold, on_release };
    char random[NODE_BYTES], name[NODE_BYTES * 4 / 3 + 1];
    struct str node = { name, 0 };

    digest_random(random, sizeof(random));
    node.len = digest_base64url(random, sizeof(random), name);
    h->outbox = outbox_new(h->loop, o->workers, &handlers, h);
    h->registry = registry_new(o->workers);
    h->dispatch = dispatch_new(&(struct dispatch_options){ o->dev_mode, h->registry, h->outbox });
    h->counts = counts_new(h->loop, h->registry, on_text, h);
    open_cluster(h, &o->cluster, node);
    open_presence(h, o, node);
    dispatch_attach(h->dispatch, h->cluster);
    counts_attach(h->counts, h->presence, h->cluster);
}

struct hub *
hub_open(struct loop *l, const struct hub_options *o)
{
    static hub_message_handler *const handlers[HUB_MESSAGE_TYPES] = {
        [HUB_MESSAGE_JOIN] = on_join,
        [HUB_MESSAGE_LEAVE] = on_leave,
        [HUB_MESSAGE_SYNC] = on_sync,
        [HUB_MESSAGE_PUBLISH] = on_publish,
        [HUB_MESSAGE_WHISPER] = on_whisper,
        [HUB_MESSAGE_ENTER] = on_enter,
        [HUB_MESSAGE_DEPART] = on_depart,
        [HUB_MESSAGE_MEMBERS] = on_members,
        [HUB_MESSAGE_ASK] = on_ask,
        [HUB_MESSAGE_SOCKETS] = on_sockets,
        [HUB_MESSAGE_BELOW] = on_below,
        [HUB_MESSAGE_RETIRE] = on_retire,
        [HUB_MESSAGE_STOP] = on_stop,
    };
    struct hub *h = mem_zalloc(sizeof(*h));

    ENSURE(o->workers > 0 && o->workers <= HUB_WORKERS_MAX);
    h->receiver = (struct hub_message_receiver){ handlers, h };
    h->loop = l;
    h->mailbox_bytes = o->mailbox_bytes;
    h->leave_grace_ms = o->leave_grace_ms;
    h->box = mailbox_open(l, "hub", o->mailbox_bytes, &h->receiver);
    loop_task_init(&h->stop, on_stop_task, h);
    timer_init(&h->farewell, end, h);
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
