/* SPDX-License-Identifier: MIT */
/*
 * redis_contact: states, requests and their replies.
 */
#include "redis_contact.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "net/connector.h"
#include "net/stream.h"
#include "redis_contact_priv.h"
#include "redis_request.h"

/* hiredis moves all that it has not read whenever it has read a kilobyte, so it gets no more than
 * this at once. */
enum { FEED_BYTES = 4096 };

static const unsigned may_follow[] = {
    [REDIS_CONTACT_CONNECTING] =
        BIT(REDIS_CONTACT_GREETING) | BIT(REDIS_CONTACT_FALLING) | BIT(REDIS_CONTACT_CLOSED),
    [REDIS_CONTACT_GREETING] =
        BIT(REDIS_CONTACT_OPEN) | BIT(REDIS_CONTACT_FALLING) | BIT(REDIS_CONTACT_CLOSED),
    [REDIS_CONTACT_OPEN] = BIT(REDIS_CONTACT_FALLING) | BIT(REDIS_CONTACT_CLOSED),
    [REDIS_CONTACT_FALLING] = BIT(REDIS_CONTACT_CLOSED),
    [REDIS_CONTACT_CLOSED] = 0,
};

/* Owned by its contact's list. */
struct request {
    struct list node;
    void (*on_reply)(void *owner, const struct redis_value *reply);
    void *owner;
};

/* The only place that writes c->state. */
static void
enter(struct redis_contact *c, enum redis_contact_state next)
{
    ENSURE(may_follow[c->state] & BIT(next));
    c->state = next;
}

static struct redis_reason_about
about(const struct redis_contact *c, const char *action)
{
    return (struct redis_reason_about){
        .where = c->where,
        .action = action,
        .sentinel = c->sentinel,
        .tls = c->tls,
        .path = c->path,
        .by_sentinels = c->settings->sentinels.count > 0,
    };
}

/* Nothing comes from net any more. */
static void
let_go(struct redis_contact *c)
{
    timer_stop(&c->limit);
    connector_cancel(c->connector);
    c->connector = NULL;
    if (!c->stream)
        return;
    stream_attach(c->stream, NULL, NULL);
    stream_close(c->stream, STREAM_END_LOCAL);
    c->stream = NULL;
}

/* The first reason is the one that counts: what follows is its consequence. */
void
redis_contact_fall(struct redis_contact *c, const char *reason)
{
    if (c->state >= REDIS_CONTACT_FALLING)
        return;
    if (c->reason[0] == '\0')
        snprintf(c->reason, sizeof(c->reason), "%s", reason);
    enter(c, REDIS_CONTACT_FALLING);
    let_go(c);
    loop_end_of_turn(c->loop, &c->fallen);
}

void
redis_contact_fall_strange(struct redis_contact *c)
{
    const struct redis_reason_about whom = about(c, NULL);
    char reason[REDIS_REASON_SIZE];

    redis_reason_stranger(reason, &whom, str_slice("", 0));
    redis_contact_fall(c, reason);
}

void
redis_contact_note(struct redis_contact *c, struct str error, const char *action)
{
    const struct redis_reason_about whom = about(c, action);

    if (c->reason[0] == '\0')
        redis_reason_refused(c->reason, &whom, error);
}

/* ---- requests ---- */

/* A request's owner may close the contact: then the rest hears nothing. */
static void
tell_lost(struct redis_contact *c)
{
    while (!list_empty(&c->requests) && c->state != REDIS_CONTACT_CLOSED) {
        struct request *q = LIST_ENTRY(c->requests.next, struct request, node);
        struct request told = *q;

        list_remove(&q->node);
        free(q);
        if (told.on_reply)
            told.on_reply(told.owner, NULL);
    }
}

static void
forget_requests(struct redis_contact *c)
{
    LIST_EACH(node, &c->requests)
    {
        list_remove(node);
        free(LIST_ENTRY(node, struct request, node));
    }
}

void
redis_contact_ask(struct redis_contact *c, struct bytes *request,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    struct request *q = mem_alloc(sizeof(*q));

    *q = (struct request){ .on_reply = on_reply, .owner = owner };
    list_init(&q->node);
    list_append(&c->requests, &q->node);
    (void)stream_send(c->stream, request); /* how much waits is bounded by who asks */
}

bool
redis_contact_send(struct redis_contact *c, struct bytes *request,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    if (c->state != REDIS_CONTACT_OPEN)
        return false;
    redis_contact_ask(c, request, on_reply, owner);
    return true;
}

void
redis_contact_psubscribe(struct redis_contact *c, struct str pattern)
{
    struct bytes *request;

    if (c->state != REDIS_CONTACT_OPEN)
        return;
    request = redis_request_new((const struct str[]){ STR_LIT("PSUBSCRIBE"), pattern }, 2);
    redis_push_expect(c, pattern);
    (void)stream_send(c->stream, request);
    bytes_unref(request);
}

/* ---- what comes ---- */

/* A master that became a replica answers, but is not the one any more.  Of scripts the error says
 * so somewhere, before Redis 7. */
static bool
is_demoted(const struct redis_value *v)
{
    return v->kind == REDIS_ERROR && str_contains(v->text, "READONLY You can't write");
}

static void
take(struct redis_contact *c, const struct redis_value *v)
{
    struct request *q, told;

    if (list_empty(&c->requests)) {
        redis_push_take(c, v);
        return;
    }
    q = LIST_ENTRY(c->requests.next, struct request, node);
    told = *q;
    list_remove(&q->node);
    free(q);
    if (c->state == REDIS_CONTACT_OPEN && is_demoted(v)) {
        redis_contact_note(c, v->text, NULL);
        redis_contact_fall(c, "");
    }
    if (told.on_reply)
        told.on_reply(told.owner, v);
}

/* It said what is not a reply, or too much of one; a greeting has no long answers. */
static void
fall_by_words(struct redis_contact *c, bool too_long, struct str said)
{
    const struct redis_reason_about whom = about(c, NULL);
    char reason[REDIS_REASON_SIZE];

    if (too_long && c->state == REDIS_CONTACT_OPEN)
        snprintf(reason, sizeof(reason), "%s sends a reply that is too long", c->where);
    else
        redis_reason_stranger(reason, &whom, said);
    redis_contact_fall(c, reason);
}

static void
take_all(struct redis_contact *c, struct str said)
{
    const struct redis_value *v;
    enum redis_parse result = REDIS_PARSE_MORE;

    while (c->state < REDIS_CONTACT_FALLING) {
        result = redis_parser_next(&c->parser, &v);
        if (result != REDIS_PARSE_VALUE)
            break;
        take(c, v); /* may close c */
        redis_parser_release(&c->parser);
    }
    if (result == REDIS_PARSE_BAD || result == REDIS_PARSE_TOO_LARGE)
        fall_by_words(c, result == REDIS_PARSE_TOO_LARGE, said);
}

static void
on_data(void *owner, const char *data, size_t len)
{
    struct redis_contact *c = owner;
    struct str said = str_slice(data, c->mute ? len : 0);

    c->mute = false;
    while (len > 0 && c->state < REDIS_CONTACT_FALLING) {
        size_t part = len < FEED_BYTES ? len : FEED_BYTES;

        if (redis_parser_feed(&c->parser, data, part))
            take_all(c, said);
        else
            fall_by_words(c, true, said);
        data += part;
        len -= part;
    }
}

static void
on_end(void *owner, enum stream_end why)
{
    struct redis_contact *c = owner;
    const struct redis_reason_about whom = about(c, NULL);
    const char *error = stream_error(c->stream);
    char reason[REDIS_REASON_SIZE];

    (void)why;
    c->stream = NULL;
    if (error)
        redis_reason_failed(reason, &whom, error);
    else
        redis_reason_closed(reason, &whom, c->mute);
    redis_contact_fall(c, reason);
}

/* ---- coming and going ---- */

/* A greeting is always read. */
static void
apply_pause(struct redis_contact *c)
{
    bool stop = c->paused && c->state == REDIS_CONTACT_OPEN;

    if (!c->stream || stop == c->is_stopped)
        return;
    c->is_stopped = stop;
    if (stop)
        stream_pause(c->stream);
    else
        stream_resume(c->stream);
}

void
redis_contact_pause(struct redis_contact *c, bool paused)
{
    c->paused = paused;
    apply_pause(c);
}

void
redis_contact_let_in(struct redis_contact *c, const struct redis_value *answer)
{
    timer_stop(&c->limit);
    enter(c, REDIS_CONTACT_OPEN);
    apply_pause(c);
    c->handlers->on_open(c->owner, answer);
}

static void
on_connected(void *owner, struct stream *s, const char *error)
{
    static const struct stream_handlers handlers = { .on_data = on_data, .on_end = on_end };
    struct redis_contact *c = owner;
    const struct redis_reason_about whom = about(c, NULL);
    char reason[REDIS_REASON_SIZE];

    c->connector = NULL;
    if (!s) {
        redis_reason_failed(reason, &whom, error);
        redis_contact_fall(c, reason);
        return;
    }
    c->stream = s;
    stream_attach(s, &handlers, c);
    timer_start(c->loop, &c->limit, c->limit_ms);
    enter(c, REDIS_CONTACT_GREETING);
    redis_greeting_send(c);
}

static void
on_limit(void *owner)
{
    struct redis_contact *c = owner;
    const struct redis_reason_about whom = about(c, NULL);
    char reason[REDIS_REASON_SIZE], sentence[REDIS_REASON_SIZE];

    snprintf(sentence, sizeof(sentence), "no answer from %s in time", c->where);
    redis_reason_failed(reason, &whom, sentence);
    c->reason[0] = '\0';
    redis_contact_fall(c, reason);
}

static void
on_fallen(void *owner)
{
    struct redis_contact *c = owner;

    tell_lost(c);
    if (c->state != REDIS_CONTACT_CLOSED)
        c->handlers->on_lost(c->owner, c->reason);
}

static void
set_where(struct redis_contact *c, const struct redis_contact_options *o)
{
    if (o->path)
        snprintf(c->where, sizeof(c->where), "%s", o->path);
    else if (strchr(o->host, ':'))
        snprintf(c->where, sizeof(c->where), "[%s]:%u", o->host, o->port);
    else
        snprintf(c->where, sizeof(c->where), "%s:%u", o->host, o->port);
}

static void
start(struct redis_contact *c, const struct redis_contact_options *o)
{
    const struct redis_settings *s = c->settings;
    const struct connector_target target = {
        .host = o->path ? NULL : o->host,
        .port = o->port,
        .path = o->path,
        .secure = c->tls ? s->tls : NULL,
        .server_name = s->server_name,
        .timeout_ms = o->limit_ms,
    };

    timer_init(&c->limit, on_limit, c);
    c->connector = connector_open(c->loop, &target, on_connected, c);
}

struct redis_contact *
redis_contact_open(struct loop *l, struct redis_settings *s, const struct redis_contact_options *o,
    const struct redis_contact_handlers *h, void *owner)
{
    struct redis_contact *c = mem_zalloc(sizeof(*c));

    c->loop = l;
    c->settings = s;
    c->handlers = h;
    c->owner = owner;
    c->sentinel = o->sentinel;
    c->tls = s->tls && (!o->sentinel || s->sentinel_tls);
    c->path = o->path != NULL;
    c->limit_ms = o->limit_ms;
    c->mute = true;
    set_where(c, o);
    if (o->question_count > 0)
        c->question = redis_request_new(o->question, o->question_count);
    list_init(&c->requests);
    redis_parser_init(&c->parser);
    loop_task_init(&c->fallen, on_fallen, c);
    start(c, o);
    return c;
}

static void
drop(void *object)
{
    struct redis_contact *c = object;

    redis_parser_fini(&c->parser);
    buffer_fini(&c->patterns);
    bytes_unref(c->question);
    free(c);
}

void
redis_contact_close(struct redis_contact *c)
{
    if (!c || c->state == REDIS_CONTACT_CLOSED)
        return;
    enter(c, REDIS_CONTACT_CLOSED);
    let_go(c);
    loop_task_cancel(&c->fallen);
    forget_requests(c);
    loop_defer_free(c->loop, c, drop);
}

void
redis_contact_end(struct redis_contact *c)
{
    if (!c)
        return;
    tell_lost(c);
    redis_contact_close(c);
}

bool
redis_contact_is_open(const struct redis_contact *c)
{
    return c->state == REDIS_CONTACT_OPEN;
}

const char *
redis_contact_where(const struct redis_contact *c)
{
    return c->where;
}
