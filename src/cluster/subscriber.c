/* SPDX-License-Identifier: MIT */
/*
 * subscriber: one Redis link that subscribes, and a liveness check beside it.
 *
 *   redis_link --on_message--> prefix cut --> own name?  --yes--> liveness, on_internal
 *                                                  `------no---> events --false--> strange_prefix
 *
 * While turn after turn brings only events that nobody listens to, Redis is read once in a
 * millisecond or two: such an event costs less to read than to wake up for.
 */
#include "subscriber.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/cluster.h"
#include "liveness.h"
#include "net/loop.h"
#include "redis/redis_link.h"
#include "strange_prefix.h"

/* Names under the prefix that are ours and never an application's channel. */
#define INTERNAL "echo-server:"

enum { BEAT_MS = 5000, SILENCE_MS = 10000, NODE_ID_BYTES = 9, BUSY_MS = 1 };

struct subscriber {
    struct redis_link *link;
    struct liveness *liveness;
    struct strange_prefix *strange; /* NULL once the prefix is proven, and without events */
    struct buffer prefix, pattern;
    bool subscribed, paused;
    bool heard;          /* something of this turn was for somebody */
    uint64_t unheard_ms; /* when the last turn was of which nothing was */
    struct loop *loop;
    struct loop_task turn, wake;
    struct cluster_events events;
    const struct subscriber_handlers *handlers;
    void *owner;
};

static void
on_ready(void *owner)
{
    struct subscriber *s = owner;

    redis_link_psubscribe(s->link, buffer_str(&s->pattern));
}

static void
set_subscribed(struct subscriber *s, bool subscribed)
{
    s->subscribed = subscribed;
    liveness_watch(s->liveness, subscribed && !s->paused);
    if (s->strange)
        strange_prefix_watch(s->strange, subscribed);
}

static void
on_subscribed(void *owner)
{
    struct subscriber *s = owner;

    set_subscribed(s, true);
    log_notice("redis ready where=%s prefix=%s", LOG_STR(str_of(redis_link_where(s->link))),
        LOG_STR(buffer_str(&s->prefix)));
    s->handlers->on_subscribed(s->owner, NULL);
}

static void
on_down(void *owner, const char *reason)
{
    struct subscriber *s = owner;

    set_subscribed(s, false);
    log_warning("redis down reason=%s", LOG_STR(str_of(reason)));
    s->handlers->on_subscribed(s->owner, reason);
}

/* The first event that somebody gets proves the prefix. */
static void
consider_prefix(struct subscriber *s, bool heard, struct str name, struct str payload)
{
    if (!heard) {
        strange_prefix_look(s->strange, name, payload);
        return;
    }
    strange_prefix_close(s->strange);
    s->strange = NULL;
}

static void
on_turn_end(void *owner)
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
on_wake(void *owner)
{
    struct subscriber *s = owner;

    if (!s->paused)
        redis_link_resume(s->link);
}

static void
on_message(void *owner, struct str name, struct str payload)
{
    struct subscriber *s = owner;
    struct str channel;
    bool heard;

    liveness_heard(s->liveness);
    loop_end_of_turn(s->loop, &s->turn);
    if (name.len < s->prefix.len)
        return;
    channel = str_slice(name.data + s->prefix.len, name.len - s->prefix.len);
    if (!str_starts(channel, INTERNAL)) {
        heard = s->events.on_event(s->events.owner, channel, payload);
        s->heard |= heard;
        if (s->strange)
            consider_prefix(s, heard, name, payload);
        return;
    }
    s->heard = true;
    channel = str_slice(channel.data + strlen(INTERNAL), channel.len - strlen(INTERNAL));
    s->handlers->on_internal(s->owner, channel, payload);
}

static void
on_silent(void *owner)
{
    struct subscriber *s = owner;

    redis_link_restart(s->link, "the subscription went silent");
}

static void
on_commands(void *owner, bool ready)
{
    struct subscriber *s = owner;

    s->handlers->on_commands(s->owner, ready);
}

/* A name of this process alone: another node's beat proves nothing about our subscription, but
 * hurts nothing either. */
static void
alive_channel(const struct subscriber *s, struct buffer *out)
{
    char random[NODE_ID_BYTES], id[NODE_ID_BYTES * 4 / 3 + 1];

    digest_random(random, sizeof(random));
    buffer_append_str(out, buffer_str(&s->prefix));
    buffer_append_text(out, INTERNAL "alive:");
    buffer_append(out, id, digest_base64url(random, sizeof(random), id));
}

static void
open_liveness(struct subscriber *s, struct loop *l, const struct cluster_options *o)
{
    static const struct liveness_handlers handlers = { on_silent, on_commands };
    struct buffer name = { 0 };
    struct liveness_options options = {
        .redis = &o->redis,
        .beat_ms = o->beat_ms > 0 ? o->beat_ms : BEAT_MS,
        .silence_ms = o->silence_ms > 0 ? o->silence_ms : SILENCE_MS,
    };

    alive_channel(s, &name);
    options.channel = buffer_str(&name);
    s->liveness = liveness_open(l, &options, &handlers, s);
    buffer_fini(&name);
}

struct subscriber *
subscriber_open(struct loop *l, const struct cluster_options *o, const struct cluster_place *place,
    const struct subscriber_handlers *h, void *owner)
{
    static const struct redis_link_handlers handlers = {
        .on_ready = on_ready,
        .on_down = on_down,
        .on_message = on_message,
        .on_subscribed = on_subscribed,
    };
    struct subscriber *s = mem_zalloc(sizeof(*s));

    s->events = place->events;
    s->handlers = h;
    s->owner = owner;
    s->loop = l;
    loop_task_init(&s->turn, on_turn_end, s);
    loop_task_init(&s->wake, on_wake, s);
    buffer_append_str(&s->prefix, str_of(o->key_prefix));
    redis_link_escape_pattern(buffer_str(&s->prefix), &s->pattern);
    buffer_append_text(&s->pattern, o->events ? "*" : INTERNAL "*");
    open_liveness(s, l, o);
    if (o->events)
        s->strange = strange_prefix_open(
            l, &(struct strange_prefix_options){ &o->redis, o->key_prefix, 0 }, &place->channels);
    s->link = redis_link_open(l, &o->redis, &handlers, s);
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
    liveness_close(s->liveness);
    buffer_fini(&s->prefix);
    buffer_fini(&s->pattern);
    free(s);
}

struct redis_link *
subscriber_commands(const struct subscriber *s)
{
    return liveness_commands(s->liveness);
}

void
subscriber_pause(struct subscriber *s)
{
    s->paused = true;
    liveness_watch(s->liveness, false);
    redis_link_pause(s->link);
}

void
subscriber_resume(struct subscriber *s)
{
    s->paused = false;
    liveness_watch(s->liveness, s->subscribed);
    redis_link_resume(s->link);
}
