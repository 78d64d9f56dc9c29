/* SPDX-License-Identifier: MIT */
/*
 * redis_link: when to connect and to whom, and what the owner sees of it.
 *
 *   one server   contact
 *   sentinels    redis_sentinel --master--> contact
 *   a cluster    contact to any node --slots--> redis_cluster: a contact to each master
 *                                   `--to subscribe: stays there
 */
#include "redis/redis_link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/timer.h"
#include "redis_contact.h"
#include "redis_reason.h"
#include "redis_request.h"
#include "redis_settings.h"

enum {
    RETRY_FIRST_MS = 100,
    RETRY_LAST_MS = 2000,
    STEADY_MS = 5000, /* a link that was ready for so long begins anew with the first delay */
};

/*
 *   WAITING --back-off--> SEEKING ----> READY
 *      ^                     |            |
 *      `---------------------'------------'
 *
 * WAITING  nothing but the timer.
 * SEEKING  on the way to a server that serves.
 * READY    the owner may use it.
 * CLOSED   the owner is gone.
 */
enum state { LINK_WAITING, LINK_SEEKING, LINK_READY, LINK_CLOSED };

static const unsigned may_follow[] = {
    [LINK_WAITING] = BIT(LINK_SEEKING) | BIT(LINK_CLOSED),
    [LINK_SEEKING] = BIT(LINK_READY) | BIT(LINK_WAITING) | BIT(LINK_CLOSED),
    [LINK_READY] = BIT(LINK_WAITING) | BIT(LINK_CLOSED),
    [LINK_CLOSED] = 0,
};

/* Freed at the end of the turn in which it is closed; its contact goes before it. */
struct redis_link {
    struct loop *loop;
    const struct redis_link_handlers *handlers;
    void *owner;
    struct redis_settings settings;

    enum state state;
    struct timer backoff;
    unsigned attempts; /* since it was steady */
    uint64_t ready_at_ms;
    struct redis_contact *contact;
    bool paused;
    char reported[REDIS_REASON_SIZE]; /* what on_down heard last; "" after on_ready */
};

/* The only place that writes r->state. */
static void
enter(struct redis_link *r, enum state next)
{
    ENSURE(may_follow[r->state] & BIT(next));
    r->state = next;
}

static void
succeed(struct redis_link *r)
{
    enter(r, LINK_READY);
    r->ready_at_ms = loop_now_ms(r->loop);
    r->reported[0] = '\0';
    if (r->handlers->on_ready)
        r->handlers->on_ready(r->owner);
}

/* ---- losses ---- */

static unsigned
next_delay_ms(struct redis_link *r)
{
    unsigned delay_ms = RETRY_LAST_MS;

    if (r->state == LINK_READY && loop_now_ms(r->loop) - r->ready_at_ms >= STEADY_MS)
        r->attempts = 0;
    if (r->attempts < 6)
        delay_ms = (unsigned)RETRY_FIRST_MS << r->attempts;
    if (delay_ms > RETRY_LAST_MS)
        delay_ms = RETRY_LAST_MS;
    r->attempts++;
    return delay_ms / 2 + digest_random_below(delay_ms / 2 + 1);
}

/* Whatever it had is over; requests under way have been told. */
static void
lose(struct redis_link *r, const char *reason)
{
    bool was_ready = r->state == LINK_READY;

    timer_start(r->loop, &r->backoff, next_delay_ms(r));
    enter(r, LINK_WAITING);
    if (!was_ready && strcmp(reason, r->reported) == 0)
        return;
    snprintf(r->reported, sizeof(r->reported), "%s", reason);
    if (r->handlers->on_down)
        r->handlers->on_down(r->owner, r->reported);
}

/* ---- the contact ---- */

static void
on_contact_lost(void *owner, const char *reason)
{
    struct redis_link *r = owner;

    redis_contact_close(r->contact);
    r->contact = NULL;
    lose(r, reason);
}

static void
on_message(void *owner, struct str channel, struct str payload)
{
    struct redis_link *r = owner;

    if (r->handlers->on_message)
        r->handlers->on_message(r->owner, channel, payload);
}

static void
on_subscribed(void *owner)
{
    struct redis_link *r = owner;

    if (r->handlers->on_subscribed)
        r->handlers->on_subscribed(r->owner);
}

static void
on_server(void *owner, const struct redis_value *answer)
{
    (void)answer;
    succeed(owner);
}

/* ---- attempts ---- */

static void
attempt(struct redis_link *r)
{
    static const struct redis_contact_handlers handlers = {
        .on_open = on_server,
        .on_lost = on_contact_lost,
        .on_message = on_message,
        .on_subscribed = on_subscribed,
    };
    const struct redis_contact_options o = {
        .host = r->settings.seeds.items[0].host,
        .port = r->settings.seeds.items[0].port,
        .path = r->settings.path,
        .limit_ms = r->settings.connect_timeout_ms,
    };

    enter(r, LINK_SEEKING);
    r->contact = redis_contact_open(r->loop, &r->settings, &o, &handlers, r);
    redis_contact_pause(r->contact, r->paused);
}

static void
on_backoff(void *owner)
{
    attempt(owner);
}

/* ---- the owner's side ---- */

struct redis_link *
redis_link_open(
    struct loop *l, const struct redis_options *o, const struct redis_link_handlers *h, void *owner)
{
    struct redis_link *r = mem_zalloc(sizeof(*r));

    r->loop = l;
    r->handlers = h;
    r->owner = owner;
    redis_settings_init(&r->settings, o);
    timer_init(&r->backoff, on_backoff, r);
    attempt(r);
    return r;
}

static void
drop(void *object)
{
    struct redis_link *r = object;

    redis_settings_fini(&r->settings);
    free(r);
}

void
redis_link_close(struct redis_link *r)
{
    if (!r || r->state == LINK_CLOSED)
        return;
    enter(r, LINK_CLOSED);
    timer_stop(&r->backoff);
    redis_contact_close(r->contact);
    r->contact = NULL;
    loop_defer_free(r->loop, r, drop);
}

bool
redis_link_ready(const struct redis_link *r)
{
    return r->state == LINK_READY && redis_contact_is_open(r->contact);
}

void
redis_link_restart(struct redis_link *r, const char *reason)
{
    if (r->contact)
        redis_contact_fall(r->contact, reason);
}

static void
set_paused(struct redis_link *r, bool paused)
{
    r->paused = paused;
    if (r->contact)
        redis_contact_pause(r->contact, paused);
}

void
redis_link_pause(struct redis_link *r)
{
    set_paused(r, true);
}

void
redis_link_resume(struct redis_link *r)
{
    set_paused(r, false);
}

void
redis_link_psubscribe(struct redis_link *r, struct str pattern)
{
    if (redis_link_ready(r))
        redis_contact_psubscribe(r->contact, pattern);
}

bool
redis_link_command(struct redis_link *r, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    struct bytes *request;
    bool sent;

    if (!redis_link_ready(r))
        return false;
    request = redis_request_new(argv, argc);
    sent = redis_contact_send(r->contact, request, on_reply, owner);
    bytes_unref(request);
    return sent;
}

void
redis_link_escape_pattern(struct str name, struct buffer *out)
{
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] != '\0' && strchr("*?[]\\", name.data[i]))
            buffer_append_char(out, '\\');
        buffer_append_char(out, name.data[i]);
    }
}
