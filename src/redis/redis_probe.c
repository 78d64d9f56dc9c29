/* SPDX-License-Identifier: MIT */
/*
 * redis_probe: two links; the first that fails gives the answer.
 */
#include "redis/redis_probe.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/timer.h"
#include "redis/redis_link.h"

/* Past the time of one attempt: links give up by themselves before, and say why. */
enum { PATIENCE_MS = 2000, PATIENCE_TRIES = 2 };

/* Freed at the end of the turn in which it is closed. */
struct redis_probe {
    struct loop *loop;
    struct redis_link *commands, *subscription;
    struct bytes *pattern;
    struct timer limit;
    bool subscribed;
    void (*on_done)(void *owner, const char *error); /* NULL: called already, or closed */
    void *owner;
};

static void
probe_finish(struct redis_probe *p, const char *error)
{
    void (*on_done)(void *owner, const char *error) = p->on_done;

    p->on_done = NULL;
    timer_stop(&p->limit);
    if (on_done)
        on_done(p->owner, error);
}

static void
probe_on_ready(void *owner)
{
    struct redis_probe *p = owner;

    if (redis_link_ready(p->subscription) && !p->subscribed)
        redis_link_psubscribe(p->subscription, bytes_str(p->pattern));
    if (redis_link_ready(p->commands) && p->subscribed)
        probe_finish(p, NULL);
}

static void
probe_on_subscribed(void *owner)
{
    struct redis_probe *p = owner;

    p->subscribed = true;
    probe_on_ready(p);
}

static void
probe_on_down(void *owner, const char *reason)
{
    probe_finish(owner, reason);
}

static void
probe_on_message(void *owner, struct str channel, struct str payload)
{
    (void)owner;
    (void)channel;
    (void)payload;
}

static void
probe_on_limit(void *owner)
{
    probe_finish(owner, "Redis did not answer in time");
}

struct redis_probe *
redis_probe_open(struct loop *l, const struct redis_options *o, struct str pattern,
    void (*on_done)(void *owner, const char *error), void *owner)
{
    static const struct redis_link_handlers commands = { .on_ready = probe_on_ready,
        .on_down = probe_on_down };
    static const struct redis_link_handlers subscription = {
        .on_ready = probe_on_ready,
        .on_down = probe_on_down,
        .on_message = probe_on_message,
        .on_subscribed = probe_on_subscribed,
    };
    struct redis_probe *p = mem_zalloc(sizeof(*p));

    p->loop = l;
    p->pattern = bytes_new(pattern.data, pattern.len);
    p->on_done = on_done;
    p->owner = owner;
    timer_init(&p->limit, probe_on_limit, p);
    timer_start(l, &p->limit, PATIENCE_TRIES * (uint64_t)o->connect_timeout_ms + PATIENCE_MS);
    p->commands = redis_link_open(l, o, &commands, p);
    p->subscription = redis_link_open(l, o, &subscription, p);
    return p;
}

static void
probe_drop(void *object)
{
    struct redis_probe *p = object;

    bytes_unref(p->pattern);
    free(p);
}

void
redis_probe_close(struct redis_probe *p)
{
    if (!p)
        return;
    p->on_done = NULL;
    timer_stop(&p->limit);
    redis_link_close(p->commands);
    redis_link_close(p->subscription);
    loop_defer_free(p->loop, p, probe_drop);
}
