/* SPDX-License-Identifier: MIT */
/*
 * subscriber: one Redis link that subscribes, and a liveness check beside it.
 *
 *   redis_link --on_message--> prefix cut --> own name?  --yes--> liveness, on_internal
 *                                                  `------no---> on_event
 */
#include "subscriber.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "hub/hub.h"
#include "liveness.h"
#include "redis/redis_link.h"

/* Names under the prefix that are ours and never an application's channel. */
#define INTERNAL "echo-server:"

enum { BEAT_MS = 5000, SILENCE_MS = 10000, NODE_ID_BYTES = 9 };

struct subscriber {
    struct redis_link *link;
    struct liveness *liveness;
    struct buffer prefix, pattern;
    struct buffer host;
    unsigned port;
    bool subscribed, paused;
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
on_subscribed(void *owner)
{
    struct subscriber *s = owner;

    s->subscribed = true;
    liveness_watch(s->liveness, !s->paused);
    log_notice("redis ready host=%s port=%u prefix=%s", LOG_STR(buffer_str(&s->host)), s->port,
        LOG_STR(buffer_str(&s->prefix)));
    s->handlers->on_subscribed(s->owner, NULL);
}

static void
on_down(void *owner, const char *reason)
{
    struct subscriber *s = owner;

    s->subscribed = false;
    liveness_watch(s->liveness, false);
    log_warning("redis down reason=%s", LOG_STR(str_of(reason)));
    s->handlers->on_subscribed(s->owner, reason);
}

static void
on_message(void *owner, struct str name, struct str payload)
{
    struct subscriber *s = owner;
    struct str channel;

    liveness_heard(s->liveness);
    if (name.len < s->prefix.len)
        return;
    channel = str_slice(name.data + s->prefix.len, name.len - s->prefix.len);
    if (!str_starts(channel, INTERNAL)) {
        s->handlers->on_event(s->owner, channel, payload);
        return;
    }
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
open_liveness(struct subscriber *s, struct loop *l, const struct hub_options *o)
{
    static const struct liveness_handlers handlers = { on_silent, on_commands };
    struct buffer name = { 0 };
    struct liveness_options options = {
        .redis = &o->redis_link,
        .beat_ms = o->beat_ms > 0 ? o->beat_ms : BEAT_MS,
        .silence_ms = o->silence_ms > 0 ? o->silence_ms : SILENCE_MS,
    };

    alive_channel(s, &name);
    options.channel = buffer_str(&name);
    s->liveness = liveness_open(l, &options, &handlers, s);
    buffer_fini(&name);
}

struct subscriber *
subscriber_open(
    struct loop *l, const struct hub_options *o, const struct subscriber_handlers *h, void *owner)
{
    static const struct redis_link_handlers handlers = {
        .on_ready = on_ready,
        .on_down = on_down,
        .on_message = on_message,
        .on_subscribed = on_subscribed,
    };
    struct subscriber *s = mem_zalloc(sizeof(*s));

    s->handlers = h;
    s->owner = owner;
    s->port = o->redis_link.port;
    buffer_append_str(&s->host, str_of(o->redis_link.host));
    buffer_append_str(&s->prefix, str_of(o->key_prefix));
    redis_link_escape_pattern(buffer_str(&s->prefix), &s->pattern);
    buffer_append_text(&s->pattern, o->redis ? "*" : INTERNAL "*");
    open_liveness(s, l, o);
    s->link = redis_link_open(l, &o->redis_link, &handlers, s);
    return s;
}

void
subscriber_close(struct subscriber *s)
{
    if (!s)
        return;
    redis_link_close(s->link);
    liveness_close(s->liveness);
    buffer_fini(&s->prefix);
    buffer_fini(&s->pattern);
    buffer_fini(&s->host);
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
