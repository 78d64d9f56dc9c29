/* SPDX-License-Identifier: MIT */
/*
 * redis_link: when to connect, and what the owner sees of it.
 *
 *   poller -> redisAsyncHandleRead -> redis_guard -> replies -> on_reply, on_pattern -> owner
 */
#include "redis/redis_link.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "net/resolver.h"
#include "redis_link_priv.h"
#include "redis_reply.h"

enum {
    RETRY_FIRST_MS = 100,
    RETRY_LAST_MS = 2000,
    STEADY_MS = 5000, /* a link that was ready for so long begins anew with the first delay */
    CONNECT_TIMEOUT_MS = 10000,
};

static const unsigned may_follow[] = {
    [REDIS_LINK_WAITING] = BIT(REDIS_LINK_RESOLVING) | BIT(REDIS_LINK_CLOSED),
    [REDIS_LINK_RESOLVING] =
        BIT(REDIS_LINK_GREETING) | BIT(REDIS_LINK_FALLING) | BIT(REDIS_LINK_CLOSED),
    [REDIS_LINK_GREETING] =
        BIT(REDIS_LINK_READY) | BIT(REDIS_LINK_FALLING) | BIT(REDIS_LINK_CLOSED),
    [REDIS_LINK_READY] = BIT(REDIS_LINK_FALLING) | BIT(REDIS_LINK_CLOSED),
    [REDIS_LINK_FALLING] = BIT(REDIS_LINK_WAITING) | BIT(REDIS_LINK_CLOSED),
    [REDIS_LINK_CLOSED] = 0,
};

/* A command's way back. */
struct command {
    struct redis_link *link;
    void (*on_reply)(void *owner, const struct redis_value *reply);
    void *owner;
};

/* The only place that writes r->state. */
static void
enter(struct redis_link *r, enum redis_link_state next)
{
    ENSURE(may_follow[r->state] & BIT(next));
    r->state = next;
}

/* The first reason is the one that counts: what follows is its consequence. */
void
redis_link_fall(struct redis_link *r, const char *reason)
{
    if (r->state == REDIS_LINK_WAITING || r->state >= REDIS_LINK_FALLING)
        return;
    if (r->reason[0] == '\0')
        snprintf(r->reason, sizeof(r->reason), "%s", reason);
    r->was_ready = r->state == REDIS_LINK_READY;
    enter(r, REDIS_LINK_FALLING);
    timer_stop(&r->timer);
    loop_end_of_turn(r->loop, &r->fallen);
}

void
redis_link_succeed(struct redis_link *r)
{
    timer_stop(&r->timer);
    enter(r, REDIS_LINK_READY);
    r->ready_at_ms = loop_now_ms(r->loop);
    r->reported[0] = '\0';
    redis_contact_watch(r);
    if (r->handlers->on_ready)
        r->handlers->on_ready(r->owner);
}

/* ---- attempts ---- */

static void
connect_to(struct redis_link *r, const char *address)
{
    enter(r, REDIS_LINK_GREETING);
    redis_contact_open(r, address);
}

static void
on_resolved(void *owner, const char *address, const char *error)
{
    struct redis_link *r = owner;

    r->resolver = NULL;
    if (address)
        connect_to(r, address);
    else
        redis_link_fall(r, error);
}

/* The resolver has one address for a name; localhost has two, and Redis may listen on either. */
static void
attempt(struct redis_link *r)
{
    static const char *const loopback[] = { "127.0.0.1", "::1" };

    enter(r, REDIS_LINK_RESOLVING);
    r->reason[0] = '\0';
    timer_start(r->loop, &r->timer, r->connect_timeout_ms);
    if (str_is_nocase(str_of(r->host), "localhost"))
        connect_to(r, loopback[r->attempts % COUNT_OF(loopback)]);
    else
        r->resolver = resolver_open(r->loop, r->host, on_resolved, r);
}

static void
on_timer(void *owner)
{
    struct redis_link *r = owner;
    char reason[REDIS_REASON_SIZE];

    if (r->state == REDIS_LINK_WAITING) {
        attempt(r);
        return;
    }
    snprintf(
        reason, sizeof(reason), "no answer from %s within %u ms", r->where, r->connect_timeout_ms);
    r->reason[0] = '\0';
    redis_link_fall(r, reason);
}

static unsigned
next_delay_ms(struct redis_link *r)
{
    unsigned delay_ms = RETRY_LAST_MS;

    if (r->was_ready && loop_now_ms(r->loop) - r->ready_at_ms >= STEADY_MS)
        r->attempts = 0;
    if (r->attempts < 6)
        delay_ms = (unsigned)RETRY_FIRST_MS << r->attempts;
    if (delay_ms > RETRY_LAST_MS)
        delay_ms = RETRY_LAST_MS;
    r->attempts++;
    return delay_ms / 2 + digest_random_below(delay_ms / 2 + 1);
}

/* The end of the turn in which it fell.  Commands under way are told first; their owner may close
 * the link. */
static void
on_fallen(void *owner)
{
    struct redis_link *r = owner;

    resolver_cancel(r->resolver);
    r->resolver = NULL;
    redis_contact_drop(r);
    if (r->state == REDIS_LINK_CLOSED)
        return;
    enter(r, REDIS_LINK_WAITING);
    timer_start(r->loop, &r->timer, next_delay_ms(r));
    if (!r->was_ready && strcmp(r->reason, r->reported) == 0)
        return;
    snprintf(r->reported, sizeof(r->reported), "%s", r->reason);
    if (r->handlers->on_down)
        r->handlers->on_down(r->owner, r->reported);
}

/* ---- the owner's side ---- */

/* An empty name or password is none. */
static char *
copy_option(const char *text)
{
    return text && text[0] ? mem_strdup(text) : NULL;
}

struct redis_link *
redis_link_open(
    struct loop *l, const struct redis_options *o, const struct redis_link_handlers *h, void *owner)
{
    struct redis_link *r = mem_zalloc(sizeof(*r));
    bool brackets = strchr(o->host, ':') != NULL;

    r->loop = l;
    r->handlers = h;
    r->owner = owner;
    r->host = mem_strdup(o->host);
    r->username = copy_option(o->username);
    r->password = copy_option(o->password);
    r->port = o->port;
    r->db = o->db;
    r->connect_timeout_ms = o->connect_timeout_ms ? o->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    snprintf(r->where, sizeof(r->where), brackets ? "[%s]:%u" : "%s:%u", o->host, o->port);
    timer_init(&r->timer, on_timer, r);
    loop_task_init(&r->fallen, on_fallen, r);
    attempt(r);
    return r;
}

static void
drop(void *object)
{
    struct redis_link *r = object;

    redis_guard_fini(&r->guard);
    free(r->host);
    free(r->username);
    free(r->password);
    free(r);
}

void
redis_link_close(struct redis_link *r)
{
    if (!r || r->state == REDIS_LINK_CLOSED)
        return;
    enter(r, REDIS_LINK_CLOSED);
    timer_stop(&r->timer);
    loop_task_cancel(&r->fallen);
    resolver_cancel(r->resolver);
    r->resolver = NULL;
    redis_contact_drop(r);
    loop_defer_free(r->loop, r, drop);
}

bool
redis_link_ready(const struct redis_link *r)
{
    return r->state == REDIS_LINK_READY;
}

void
redis_link_restart(struct redis_link *r, const char *reason)
{
    if (r->state < REDIS_LINK_FALLING)
        r->reason[0] = '\0';
    redis_link_fall(r, reason);
}

void
redis_link_pause(struct redis_link *r)
{
    r->paused = true;
    redis_contact_watch(r);
}

void
redis_link_resume(struct redis_link *r)
{
    r->paused = false;
    redis_contact_watch(r);
}

static struct str
text_of(const redisReply *reply)
{
    return str_slice(reply->str, reply->len);
}

/* The guard lets nothing pass but ["pmessage", pattern, channel, payload] and ["psubscribe",
 * pattern, count]. */
static void
on_pattern(redisAsyncContext *c, void *reply, void *unused)
{
    struct redis_link *r = c->data;
    const redisReply *m = reply;

    (void)unused;
    if (!r || !m || r->state != REDIS_LINK_READY)
        return;
    if (m->elements == 4 && r->handlers->on_message)
        r->handlers->on_message(r->owner, text_of(m->element[2]), text_of(m->element[3]));
    else if (m->elements == 3 && r->handlers->on_subscribed)
        r->handlers->on_subscribed(r->owner);
}

void
redis_link_psubscribe(struct redis_link *r, struct str pattern)
{
    if (r->state != REDIS_LINK_READY)
        return;
    redis_guard_expect(&r->guard, pattern);
    redisAsyncCommand(r->context, on_pattern, NULL, "PSUBSCRIBE %b", pattern.data, pattern.len);
}

static void
on_replied(redisAsyncContext *c, void *reply, void *privdata)
{
    struct command command = *(struct command *)privdata;
    struct redis_value value = { .kind = REDIS_NIL };

    (void)c; /* may have been let go already: then reply is NULL */
    free(privdata);
    if (command.link->state == REDIS_LINK_CLOSED || !command.on_reply)
        return;
    if (reply)
        redis_reply_open(reply, &value);
    command.on_reply(command.owner, reply ? &value : NULL);
    redis_reply_close(&value);
}

bool
redis_link_command(struct redis_link *r, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    const char **texts;
    size_t *lengths;
    struct command *command;
    int sent;

    if (r->state != REDIS_LINK_READY)
        return false;
    texts = mem_alloc(argc * sizeof(*texts));
    lengths = mem_alloc(argc * sizeof(*lengths));
    for (size_t i = 0; i < argc; i++) {
        texts[i] = argv[i].len > 0 ? argv[i].data : "";
        lengths[i] = argv[i].len;
    }
    command = mem_alloc(sizeof(*command));
    *command = (struct command){ r, on_reply, owner };
    sent = redisAsyncCommandArgv(r->context, on_replied, command, (int)argc, texts, lengths);
    free(texts);
    free(lengths);
    if (sent != REDIS_OK)
        free(command);
    return sent == REDIS_OK;
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
