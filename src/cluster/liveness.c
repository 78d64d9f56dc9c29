/* SPDX-License-Identifier: MIT */
/*
 * liveness: a beat every few seconds, and two deadlines: the reply of the link that publishes, and
 * the beat's arrival at the link that subscribes.
 */
#include "liveness.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/timer.h"
#include "redis/redis_link.h"

struct liveness {
    struct loop *loop;
    struct redis_link *commands;
    struct bytes *channel;
    uint64_t beat_ms, silence_ms;
    const struct liveness_handlers *handlers;
    void *owner;
    struct timer beat, reply_limit, heard_limit;
    bool listening;
    bool refused; /* Redis does not let us publish, and it was said */
};

static void
start_once(struct liveness *v, struct timer *t)
{
    if (!timer_active(t))
        timer_start(v->loop, t, v->silence_ms);
}

static void
on_refused(struct liveness *v, struct str error)
{
    timer_stop(&v->heard_limit);
    if (!v->refused)
        log_warning("redis refuses PUBLISH, so a dead subscription cannot be noticed reason=%s",
            LOG_STR(error));
    v->refused = true;
}

static void
on_reply(void *owner, const struct redis_value *reply)
{
    struct liveness *v = owner;

    timer_stop(&v->reply_limit);
    if (!reply)
        return;
    if (reply->kind == REDIS_ERROR)
        on_refused(v, reply->text);
    else
        v->refused = false;
}

static void
on_beat(void *owner)
{
    struct liveness *v = owner;
    const struct str argv[] = { STR_LIT("PUBLISH"), bytes_str(v->channel), STR_LIT("1") };

    timer_start(v->loop, &v->beat, v->beat_ms);
    if (!redis_link_command(v->commands, argv, COUNT_OF(argv), on_reply, v))
        return;
    start_once(v, &v->reply_limit);
    if (v->listening && !v->refused)
        start_once(v, &v->heard_limit);
}

static void
on_no_reply(void *owner)
{
    struct liveness *v = owner;

    redis_link_restart(v->commands, "no reply to a command in time");
}

static void
on_not_heard(void *owner)
{
    struct liveness *v = owner;

    v->handlers->on_silent(v->owner);
}

/* The subscription's link reports the state of the server; this one's is a detail. */
static void
on_commands_down(void *owner, const char *reason)
{
    struct liveness *v = owner;

    timer_stop(&v->reply_limit);
    log_info("redis down link=commands reason=%s", LOG_STR(str_of(reason)));
    v->handlers->on_commands(v->owner, false);
}

static void
on_commands_ready(void *owner)
{
    struct liveness *v = owner;

    v->handlers->on_commands(v->owner, true);
}

struct liveness *
liveness_open(struct loop *l, const struct liveness_options *o, const struct liveness_handlers *h,
    void *owner)
{
    static const struct redis_link_handlers handlers = {
        .on_ready = on_commands_ready,
        .on_down = on_commands_down,
    };
    struct liveness *v = mem_zalloc(sizeof(*v));

    v->loop = l;
    v->channel = bytes_new(o->channel.data, o->channel.len);
    v->beat_ms = o->beat_ms;
    v->silence_ms = o->silence_ms;
    v->handlers = h;
    v->owner = owner;
    timer_init(&v->beat, on_beat, v);
    timer_init(&v->reply_limit, on_no_reply, v);
    timer_init(&v->heard_limit, on_not_heard, v);
    v->commands = redis_link_open(l, o->redis, &handlers, v);
    timer_start(l, &v->beat, v->beat_ms);
    return v;
}

void
liveness_close(struct liveness *v)
{
    if (!v)
        return;
    redis_link_close(v->commands);
    timer_stop(&v->beat);
    timer_stop(&v->reply_limit);
    timer_stop(&v->heard_limit);
    bytes_unref(v->channel);
    free(v);
}

struct redis_link *
liveness_commands(const struct liveness *v)
{
    return v->commands;
}

void
liveness_watch(struct liveness *v, bool listening)
{
    v->listening = listening;
    timer_stop(&v->heard_limit);
}

void
liveness_heard(struct liveness *v)
{
    timer_stop(&v->heard_limit);
}
