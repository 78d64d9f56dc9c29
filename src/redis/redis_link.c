/* SPDX-License-Identifier: MIT */
/*
 * redis_link: hiredis' asynchronous context, kept alive.
 *
 *   WAITING --back-off--> RESOLVING --> CONNECTING --AUTH, SELECT, PING--> READY
 *      ^                      |             |                                |
 *      `----------------------'-------------'--------------------------------'
 */
#include "redis/redis_link.h"

#include <hiredis/async.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/poller.h"
#include "net/resolver.h"
#include "net/timer.h"

enum { RETRY_FIRST_MS = 100, RETRY_LAST_MS = 5000, REASON_SIZE = 256 };

enum link_state { LINK_WAITING, LINK_RESOLVING, LINK_CONNECTING, LINK_READY, LINK_CLOSED };

struct redis_link {
    struct loop *loop;
    const struct redis_link_handlers *handlers;
    void *owner;
    char *host, *username, *password;
    unsigned port, db, connect_timeout_ms;

    enum link_state state;
    struct timer timer;         /* the back-off, or the limit of an attempt */
    unsigned retry_ms;
    struct resolver *resolver;
    redisAsyncContext *context;
    struct poller *poller;
    bool want_read, want_write, paused;
    char reason[REASON_SIZE];   /* of the attempt under way; "" while it goes well */
    char reported[REASON_SIZE]; /* what on_down heard last; "" after on_ready */
};

/* A command's way back. */
struct call {
    struct redis_link *link;
    void (*on_reply)(void *owner, const struct redis_value *reply);
    void *owner;
};

static void attempt(void *link);

static void
watch(struct redis_link *r)
{
    if (r->poller)
        poller_watch(r->poller, r->want_read && !r->paused, r->want_write);
}

static void
add_read(void *link)
{
    struct redis_link *r = link;

    r->want_read = true;
    watch(r);
}

static void
del_read(void *link)
{
    struct redis_link *r = link;

    r->want_read = false;
    watch(r);
}

static void
add_write(void *link)
{
    struct redis_link *r = link;

    r->want_write = true;
    watch(r);
}

static void
del_write(void *link)
{
    struct redis_link *r = link;

    r->want_write = false;
    watch(r);
}

/* hiredis is about to free the context and its descriptor. */
static void
on_cleanup(void *link)
{
    struct redis_link *r = link;

    if (r->poller)
        poller_close(r->poller);
    r->poller = NULL;
    r->context = NULL;
    r->want_read = r->want_write = false;
}

static void
on_poll(void *owner, bool readable, bool writable)
{
    struct redis_link *r = owner;

    if (readable && r->context)
        redisAsyncHandleRead(r->context);
    if (writable && r->context)
        redisAsyncHandleWrite(r->context);
}

static void
set_reason(struct redis_link *r, const char *text)
{
    if (r->reason[0] == '\0')
        snprintf(r->reason, sizeof(r->reason), "%s", text);
}

/* Tell the owner, once for each change. */
static void
report_down(struct redis_link *r, bool was_ready)
{
    char reason[REASON_SIZE];

    snprintf(reason, sizeof(reason), "%s", r->reason[0] ? r->reason : "the connection was lost");
    if (!was_ready && strcmp(reason, r->reported) == 0)
        return;
    snprintf(r->reported, sizeof(r->reported), "%s", reason);
    if (r->handlers->on_down)
        r->handlers->on_down(r->owner, reason);
}

/* The attempt, or the connection, is over: wait and try again. */
static void
lost(struct redis_link *r)
{
    bool was_ready = r->state == LINK_READY;
    unsigned wait_ms = r->retry_ms / 2 + digest_random_below(r->retry_ms / 2 + 1);

    if (r->state == LINK_CLOSED || r->state == LINK_WAITING)
        return;
    r->state = LINK_WAITING;
    r->retry_ms = r->retry_ms * 2 > RETRY_LAST_MS ? RETRY_LAST_MS : r->retry_ms * 2;
    timer_start(r->loop, &r->timer, wait_ms);
    report_down(r, was_ready);
}

/* Drop the context, if there is one; its replies come back as NULL meanwhile. */
static void
drop_context(struct redis_link *r)
{
    redisAsyncContext *c = r->context;

    r->context = NULL;
    if (c)
        redisAsyncFree(c);
}

static void
abandon(struct redis_link *r, const char *why)
{
    set_reason(r, why);
    drop_context(r);
    lost(r);
}

static void
describe_error(struct redis_link *r, const redisAsyncContext *c)
{
    char text[REASON_SIZE];

    if (c->err == REDIS_ERR_PROTOCOL)
        snprintf(text, sizeof(text), "%s:%u is not a Redis server", r->host, r->port);
    else if (c->err == REDIS_ERR_EOF)
        snprintf(text, sizeof(text), "%s:%u closed the connection", r->host, r->port);
    else if (c->errstr && strcmp(c->errstr, "Connection refused") == 0)
        snprintf(text, sizeof(text), "connection refused by %s:%u", r->host, r->port);
    else
        snprintf(text, sizeof(text), "%.120s (%s:%u)",
            c->errstr && c->errstr[0] ? c->errstr : "the connection was lost", r->host, r->port);
    set_reason(r, text);
}

static void
on_disconnect(const redisAsyncContext *c, int status)
{
    struct redis_link *r = c->data;

    if (!r)
        return;
    if (status != REDIS_OK)
        describe_error(r, c);
    r->context = NULL;
    lost(r);
}

/* Error replies to the greeting in the words of an operator. */
static void
describe_refusal(struct redis_link *r, const char *error)
{
    char text[REASON_SIZE];
    struct str e = str_of(error);

    if (str_starts(e, "NOAUTH"))
        snprintf(text, sizeof(text), "%s:%u requires a password (databaseConfig.redis.password)",
            r->host, r->port);
    else if (str_starts(e, "WRONGPASS") || str_contains(e, "invalid password"))
        snprintf(text, sizeof(text), "%s:%u refused the password (databaseConfig.redis.password)",
            r->host, r->port);
    else if (str_starts(e, "DENIED"))
        snprintf(text, sizeof(text), "%s:%u is in protected mode: it needs a password or a bind",
            r->host, r->port);
    else
        snprintf(text, sizeof(text), "%s:%u answered: %.150s", r->host, r->port, error);
    set_reason(r, text);
}

static bool
is_error(const redisReply *reply)
{
    return reply && reply->type == REDIS_REPLY_ERROR;
}

static void
on_auth(redisAsyncContext *c, void *reply, void *unused)
{
    struct redis_link *r = c->data;
    const redisReply *answer = reply;

    (void)unused;
    if (!r || !is_error(answer))
        return;
    if (strstr(answer->str, "without any password") || strstr(answer->str, "no password is set"))
        log_warning("redis has no password, the one of the configuration is not needed host=%s "
                    "port=%u", r->host, r->port);
    else
        describe_refusal(r, answer->str);
}

static void
on_select(redisAsyncContext *c, void *reply, void *unused)
{
    struct redis_link *r = c->data;
    const redisReply *answer = reply;

    (void)unused;
    if (r && is_error(answer))
        describe_refusal(r, answer->str);
}

/* The last word of the greeting. */
static void
on_pong(redisAsyncContext *c, void *reply, void *unused)
{
    struct redis_link *r = c->data;
    const redisReply *answer = reply;

    (void)unused;
    if (!r || !answer || r->state != LINK_CONNECTING)
        return;
    if (is_error(answer))
        describe_refusal(r, answer->str);
    if (r->reason[0]) {
        abandon(r, r->reason);
        return;
    }
    timer_stop(&r->timer);
    r->state = LINK_READY;
    r->retry_ms = RETRY_FIRST_MS;
    r->reported[0] = '\0';
    if (r->handlers->on_ready)
        r->handlers->on_ready(r->owner);
}

static void
greet(struct redis_link *r)
{
    if (r->password && r->password[0] && r->username && r->username[0])
        redisAsyncCommand(r->context, on_auth, NULL, "AUTH %s %s", r->username, r->password);
    else if (r->password && r->password[0])
        redisAsyncCommand(r->context, on_auth, NULL, "AUTH %s", r->password);
    if (r->db > 0)
        redisAsyncCommand(r->context, on_select, NULL, "SELECT %u", r->db);
    redisAsyncCommand(r->context, on_pong, NULL, "PING");
}

static void
on_connect(const redisAsyncContext *c, int status)
{
    struct redis_link *r = c->data;

    if (!r)
        return;
    if (status == REDIS_OK) {
        greet(r);
        return;
    }
    describe_error(r, c);
    r->context = NULL;      /* hiredis frees it when this returns */
    lost(r);
}

static void
hook_up(struct redis_link *r, redisAsyncContext *c)
{
    r->context = c;
    c->data = r;
    c->ev.data = r;
    c->ev.addRead = add_read;
    c->ev.delRead = del_read;
    c->ev.addWrite = add_write;
    c->ev.delWrite = del_write;
    c->ev.cleanup = on_cleanup;
    r->poller = poller_open(r->loop, c->c.fd, on_poll, r);
    redisAsyncSetDisconnectCallback(c, on_disconnect);
    redisAsyncSetConnectCallback(c, on_connect);
}

static void
on_resolved(void *owner, const char *address, const char *error)
{
    struct redis_link *r = owner;
    redisAsyncContext *c;

    r->resolver = NULL;
    if (!address) {
        abandon(r, error);
        return;
    }
    r->state = LINK_CONNECTING;
    c = redisAsyncConnect(address, (int)r->port);
    ENSURE(c != NULL);
    if (!c->err) {
        hook_up(r, c);
        return;
    }
    describe_error(r, c);
    redisAsyncFree(c);
    lost(r);
}

static void
on_attempt_limit(struct redis_link *r)
{
    char text[REASON_SIZE];

    snprintf(text, sizeof(text), "no answer from %s:%u within %u ms", r->host, r->port,
        r->connect_timeout_ms);
    if (r->resolver)
        resolver_cancel(r->resolver);
    r->resolver = NULL;
    abandon(r, text);
}

static void
attempt(void *link)
{
    struct redis_link *r = link;

    if (r->state != LINK_WAITING) {
        on_attempt_limit(r);
        return;
    }
    r->state = LINK_RESOLVING;
    r->reason[0] = '\0';
    timer_start(r->loop, &r->timer, r->connect_timeout_ms);
    r->resolver = resolver_open(r->loop, r->host, on_resolved, r);
}

struct redis_link *
redis_link_open(struct loop *l, const struct redis_options *o,
    const struct redis_link_handlers *h, void *owner)
{
    struct redis_link *r = mem_zalloc(sizeof(*r));

    r->loop = l;
    r->handlers = h;
    r->owner = owner;
    r->host = mem_strdup(o->host);
    r->username = mem_strdup(o->username);
    r->password = mem_strdup(o->password);
    r->port = o->port;
    r->db = o->db;
    r->connect_timeout_ms = o->connect_timeout_ms ? o->connect_timeout_ms : 10000;
    r->retry_ms = RETRY_FIRST_MS;
    timer_init(&r->timer, attempt, r);
    attempt(r);
    return r;
}

static void
link_free(void *link)
{
    struct redis_link *r = link;

    free(r->host);
    free(r->username);
    free(r->password);
    free(r);
}

void
redis_link_close(struct redis_link *r)
{
    r->state = LINK_CLOSED;
    timer_stop(&r->timer);
    if (r->resolver)
        resolver_cancel(r->resolver);
    drop_context(r);
    loop_defer_free(r->loop, r, link_free);
}

bool
redis_link_ready(const struct redis_link *r)
{
    return r->state == LINK_READY;
}

void
redis_link_restart(struct redis_link *r, const char *reason)
{
    if (r->state != LINK_READY)
        return;
    r->reason[0] = '\0';
    abandon(r, reason);
}

void
redis_link_pause(struct redis_link *r)
{
    r->paused = true;
    watch(r);
}

void
redis_link_resume(struct redis_link *r)
{
    r->paused = false;
    watch(r);
}

static struct str
text_of(const redisReply *reply)
{
    return str_slice(reply->str, reply->len);
}

/* ["pmessage", pattern, channel, payload], or ["psubscribe", pattern, count]. */
static void
on_pattern(redisAsyncContext *c, void *reply, void *unused)
{
    struct redis_link *r = c->data;
    const redisReply *m = reply;

    (void)unused;
    if (!r || !m || r->state != LINK_READY)
        return;
    if (is_error(m)) {
        describe_refusal(r, m->str);
        abandon(r, r->reason);
        return;
    }
    if (m->type != REDIS_REPLY_ARRAY || m->elements < 3)
        return;
    if (m->elements == 4 && m->element[3]->type == REDIS_REPLY_STRING)
        r->handlers->on_message(r->owner, text_of(m->element[2]), text_of(m->element[3]));
    else if (m->elements == 3 && r->handlers->on_subscribed)
        r->handlers->on_subscribed(r->owner);
}

void
redis_link_psubscribe(struct redis_link *r, struct str pattern)
{
    if (r->state == LINK_READY)
        redisAsyncCommand(r->context, on_pattern, NULL, "PSUBSCRIBE %b", pattern.data, pattern.len);
}

static void value_of(const redisReply *reply, struct redis_value *out);

static void
array_of(const redisReply *reply, struct redis_value *out)
{
    struct redis_value *items = mem_alloc(reply->elements * sizeof(*items));

    for (size_t i = 0; i < reply->elements; i++)
        value_of(reply->element[i], &items[i]);
    out->kind = REDIS_ARRAY;
    out->items = items;
    out->count = reply->elements;
}

static void
value_of(const redisReply *reply, struct redis_value *out)
{
    *out = (struct redis_value){ .kind = REDIS_NIL };
    switch (reply->type) {
    case REDIS_REPLY_ARRAY:
        array_of(reply, out);
        return;
    case REDIS_REPLY_INTEGER:
        out->kind = REDIS_INTEGER;
        out->integer = reply->integer;
        return;
    case REDIS_REPLY_STATUS:
        out->kind = REDIS_STATUS;
        break;
    case REDIS_REPLY_ERROR:
        out->kind = REDIS_ERROR;
        break;
    case REDIS_REPLY_STRING:
        out->kind = REDIS_STRING;
        break;
    default:
        return;
    }
    out->text = text_of(reply);
}

static void
value_fini(const struct redis_value *v)
{
    if (v->kind != REDIS_ARRAY)
        return;
    for (size_t i = 0; i < v->count; i++)
        value_fini(&v->items[i]);
    free((void *)(uintptr_t)v->items);
}

static void
on_command(redisAsyncContext *c, void *reply, void *command)
{
    struct call *call = command;
    struct redis_value value;

    (void)c;
    if (call->link->state == LINK_CLOSED || !call->on_reply) {
        free(call);
        return;
    }
    if (reply)
        value_of(reply, &value);
    call->on_reply(call->owner, reply ? &value : NULL);
    if (reply)
        value_fini(&value);
    free(call);
}

bool
redis_link_command(struct redis_link *r, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    const char **texts;
    size_t *lengths;
    struct call *call;
    int sent;

    if (r->state != LINK_READY)
        return false;
    texts = mem_alloc(argc * sizeof(*texts));
    lengths = mem_alloc(argc * sizeof(*lengths));
    for (size_t i = 0; i < argc; i++) {
        texts[i] = argv[i].len > 0 ? argv[i].data : "";
        lengths[i] = argv[i].len;
    }
    call = mem_zalloc(sizeof(*call));
    *call = (struct call){ r, on_reply, owner };
    sent = redisAsyncCommandArgv(r->context, on_command, call, (int)argc, texts, lengths);
    free(texts);
    free(lengths);
    if (sent != REDIS_OK)
        free(call);
    return sent == REDIS_OK;
}

void
redis_link_escape_pattern(struct str name, struct buffer *out)
{
    for (size_t i = 0; i < name.len; i++) {
        if (strchr("*?[]\\^-", name.data[i]) && name.data[i])
            buffer_append_char(out, '\\');
        buffer_append_char(out, name.data[i]);
    }
}
