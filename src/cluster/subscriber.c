/* SPDX-License-Identifier: MIT */
/*
 * subscriber: one Redis link that subscribes, and the proof that it still hears.
 *
 *   redis_link --subscriber_on_message--> prefix cut --> own name?  --yes--> on_internal
 *                                                  `------no---> events --false--> strange_prefix
 *
 * The proof is a beat every few seconds: a message that is published through the link for commands,
 * and has to arrive here.  A PING would not do: it proves that a connection answers, not that what
 * is published arrives (an old master that was cut off from its replicas answers forever).  The
 * reply to that PUBLISH proves the link for commands at the same time.
 *
 * While turn after turn brings only events without listeners, Redis is read once in a
 * millisecond or two: such an event costs less to read than to wake up for.
 */
#include "subscriber.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/cluster.h"
#include "net/loop.h"
#include "net/timer.h"
#include "redis/redis_link.h"
#include "strange_prefix.h"

/* Names under the prefix that are ours and never an application's channel. */
#define INTERNAL "echo-server:"

enum { BEAT_MS = 5000, SILENCE_MS = 10000, NODE_ID_BYTES = 9, BUSY_MS = 1 };

/*
 * Invariants: heard_limit runs only while subscribed and not paused; the link is read unless
 * paused, or wake is due.
 */
struct subscriber {
    struct redis_link *link, *commands; /* commands: the cluster's */
    struct bytes *alive;                /* the channel of beats */
    uint64_t beat_ms, silence_ms;
    struct timer beat, reply_limit, heard_limit;
    bool refused;                   /* Redis does not let us publish, and it was said */
    struct strange_prefix *strange; /* NULL once the prefix is proven, and without events */
    struct buffer prefix, pattern;
    bool subscribed, paused;
    bool heard;          /* something in this turn had a listener */
    uint64_t unheard_ms; /* when the last turn ended in which nothing had */
    struct loop *loop;
    struct loop_task turn, wake;
    struct cluster_events events;
    const struct subscriber_handlers *handlers;
    void *owner;
};

/* ---- beats ---- */

/* NULL: the link was lost. */
static void
subscriber_on_beat_reply(void *owner, const struct redis_value *reply)
{
    struct subscriber *s = owner;
    bool refused = reply && reply->kind == REDIS_ERROR;

    timer_stop(&s->reply_limit);
    if (refused) {
        timer_stop(&s->heard_limit);
        if (!s->refused)
            log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST,
                "redis refuses PUBLISH, so a dead subscription cannot be noticed reason=%s",
                LOG_STR(reply->text));
    }
    if (reply)
        s->refused = refused;
}

static void
start_limit(struct subscriber *s, struct timer *t)
{
    if (!timer_active(t))
        timer_start(s->loop, t, s->silence_ms);
}

static void
subscriber_on_beat(void *owner)
{
    struct subscriber *s = owner;
    const struct str argv[] = { STR_LIT("PUBLISH"), bytes_str(s->alive), STR_LIT("1") };

    timer_start(s->loop, &s->beat, s->beat_ms);
    if (!redis_link_command(s->commands, argv, COUNT_OF(argv), subscriber_on_beat_reply, s))
        return;
    start_limit(s, &s->reply_limit);
    if (s->subscribed && !s->paused && !s->refused)
        start_limit(s, &s->heard_limit);
}

static void
subscriber_on_no_reply(void *owner)
{
    struct subscriber *s = owner;

    redis_link_restart(s->commands, "no reply to a command in time");
}

static void
subscriber_on_silence(void *owner)
{
    struct subscriber *s = owner;

    ENSURE(s->subscribed && !s->paused);
    redis_link_restart(s->link, "the subscription went silent");
}

/* Another node's beat proves nothing about our subscription, so the name is of this process alone.
 */
static void
choose_beat_channel(struct subscriber *s)
{
    char random[NODE_ID_BYTES], id[NODE_ID_BYTES * 4 / 3 + 1];
    struct buffer name = { 0 };

    digest_random(random, sizeof(random));
    buffer_append_str(&name, buffer_str(&s->prefix));
    buffer_append_text(&name, INTERNAL "alive:");
    buffer_append(&name, id, digest_base64url(random, sizeof(random), id));
    s->alive = buffer_to_bytes(&name);
    buffer_fini(&name);
}

/* ---- the subscription ---- */

static void
subscriber_on_ready(void *owner)
{
    struct subscriber *s = owner;

    redis_link_psubscribe(s->link, buffer_str(&s->pattern));
}

static void
set_subscribed(struct subscriber *s, bool subscribed)
{
    s->subscribed = subscribed;
    timer_stop(&s->heard_limit);
    if (s->strange)
        strange_prefix_watch(s->strange, subscribed);
}

static void
subscriber_on_subscribed(void *owner)
{
    struct subscriber *s = owner;

    set_subscribed(s, true);
    log_gated(LOG_LEVEL_NOTICE, LOG_GATE_MOST, "redis ready where=%s prefix=%s",
        LOG_STR(str_of(redis_link_where(s->link))), LOG_STR(buffer_str(&s->prefix)));
    s->handlers->on_subscribed(s->owner, NULL);
}

static void
subscriber_on_down(void *owner, const char *reason)
{
    struct subscriber *s = owner;

    set_subscribed(s, false);
    log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST, "redis down reason=%s", LOG_STR(str_of(reason)));
    s->handlers->on_subscribed(s->owner, reason);
}

static void
subscriber_on_turn_end(void *owner)
{
    struct subscriber *s = owner;
    uint64_t now_ms = loop_now_ms(s->loop);
    bool busy = now_ms - s->unheard_ms <= BUSY_MS;

    if (!s->heard) {
        s->unheard_ms = now_ms;
        if (busy && !s->paused) {
            redis_link_pause(s->link);
            loop_soon(s->loop, &s->wake);
        }
    }
    s->heard = false;
}

static void
subscriber_on_wake(void *owner)
{
    struct subscriber *s = owner;

    if (!s->paused)
        redis_link_resume(s->link);
}

static void
subscriber_on_message(void *owner, struct str name, struct str payload)
{
    struct subscriber *s = owner;
    struct str channel;
    bool heard;

    timer_stop(&s->heard_limit);
    loop_end_of_turn(s->loop, &s->turn);
    if (name.len < s->prefix.len)
        return;
    channel = str_slice(name.data + s->prefix.len, name.len - s->prefix.len);
    if (str_starts(channel, INTERNAL)) {
        s->heard = true;
        channel = str_slice(channel.data + strlen(INTERNAL), channel.len - strlen(INTERNAL));
        s->handlers->on_internal(s->owner, channel, payload);
        return;
    }
    heard = s->events.on_event(s->events.owner, channel, payload);
    s->heard |= heard;
    if (s->strange && heard) { /* the first event with a listener proves the prefix */
        strange_prefix_close(s->strange);
        s->strange = NULL;
    } else if (s->strange) {
        strange_prefix_look(s->strange, name, payload);
    }
}

struct subscriber *
subscriber_open(struct loop *l, struct redis_link *commands, const struct cluster_options *o,
    const struct cluster_place *place, const struct subscriber_handlers *h, void *owner)
{
    static const struct redis_link_handlers handlers = {
        .on_ready = subscriber_on_ready,
        .on_down = subscriber_on_down,
        .on_message = subscriber_on_message,
        .on_subscribed = subscriber_on_subscribed,
    };
    struct subscriber *s = mem_zalloc(sizeof(*s));

    s->commands = commands;
    s->beat_ms = o->beat_ms > 0 ? o->beat_ms : BEAT_MS;
    s->silence_ms = o->silence_ms > 0 ? o->silence_ms : SILENCE_MS;
    s->events = place->events;
    s->handlers = h;
    s->owner = owner;
    s->loop = l;
    loop_task_init(&s->turn, subscriber_on_turn_end, s);
    loop_task_init(&s->wake, subscriber_on_wake, s);
    timer_init(&s->beat, subscriber_on_beat, s);
    timer_init(&s->reply_limit, subscriber_on_no_reply, s);
    timer_init(&s->heard_limit, subscriber_on_silence, s);
    buffer_append_str(&s->prefix, str_of(o->key_prefix));
    redis_link_escape_pattern(buffer_str(&s->prefix), &s->pattern);
    buffer_append_text(&s->pattern, o->events ? "*" : INTERNAL "*");
    choose_beat_channel(s);
    if (o->events)
        s->strange = strange_prefix_open(
            l, &(struct strange_prefix_options){ &o->redis, o->key_prefix, 0 }, &place->channels);
    s->link = redis_link_open(l, &o->redis, &handlers, s);
    timer_start(l, &s->beat, s->beat_ms);
    return s;
}

void
subscriber_close(struct subscriber *s)
{
    if (!s)
        return;
    loop_task_cancel(&s->turn);
    loop_task_cancel(&s->wake);
    redis_link_close(s->link);
    strange_prefix_close(s->strange);
    timer_stop(&s->beat);
    timer_stop(&s->reply_limit);
    timer_stop(&s->heard_limit);
    bytes_unref(s->alive);
    buffer_fini(&s->prefix);
    buffer_fini(&s->pattern);
    free(s);
}

void
subscriber_pause(struct subscriber *s)
{
    ENSURE(!s->paused);
    s->paused = true;
    timer_stop(&s->heard_limit);
    redis_link_pause(s->link);
}

void
subscriber_resume(struct subscriber *s)
{
    ENSURE(s->paused);
    s->paused = false;
    redis_link_resume(s->link);
}
