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
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"
#include "redis_greeting.h"
#include "redis_parser.h"
#include "redis_reason.h"
#include "redis_request.h"
#include "redis_settings.h"

/* hiredis moves all that it has not read whenever it has read a kilobyte, so it gets no more than
 * this at once. */
enum { FEED_BYTES = 4096 };

/*
 *   CONNECTING --> GREETING --let in--> OPEN
 *        |             |                 |
 *        `-----------> FALLING <---------'      on_lost at the end of the turn
 *
 * Any of them --owner--> CLOSED.
 */
enum redis_contact_state {
    REDIS_CONTACT_CONNECTING,
    REDIS_CONTACT_GREETING,
    REDIS_CONTACT_OPEN,
    REDIS_CONTACT_FALLING,
    REDIS_CONTACT_CLOSED,
};

/*
 * Freed at the end of the turn in which it is closed.  CONNECTING has the connector alone, GREETING
 * and OPEN the stream alone, FALLING and CLOSED neither.
 */
struct redis_contact {
    struct loop *loop;
    const struct redis_contact_handlers *handlers;
    void *owner;
    char where[300];
    struct redis_reason_about about;

    enum redis_contact_state state;
    unsigned limit_ms;
    struct timer limit; /* of the greeting */
    struct loop_task fallen;
    struct connector *connector;
    struct stream *stream;
    struct redis_parser parser;
    struct redis_greeting greeting;
    struct redis_requests requests;
    bool mute;                      /* it has not sent anything yet */
    bool paused, is_stopped;        /* wanted, and done */
    char reason[REDIS_REASON_SIZE]; /* "" while it goes well */
};

static const unsigned may_follow[] = {
    [REDIS_CONTACT_CONNECTING] =
        BIT(REDIS_CONTACT_GREETING) | BIT(REDIS_CONTACT_FALLING) | BIT(REDIS_CONTACT_CLOSED),
    [REDIS_CONTACT_GREETING] =
        BIT(REDIS_CONTACT_OPEN) | BIT(REDIS_CONTACT_FALLING) | BIT(REDIS_CONTACT_CLOSED),
    [REDIS_CONTACT_OPEN] = BIT(REDIS_CONTACT_FALLING) | BIT(REDIS_CONTACT_CLOSED),
    [REDIS_CONTACT_FALLING] = BIT(REDIS_CONTACT_CLOSED),
    [REDIS_CONTACT_CLOSED] = 0,
};

/* The only place that writes c->state. */
static void
contact_enter(struct redis_contact *c, enum redis_contact_state next)
{
    ENSURE(may_follow[c->state] & BIT(next));
    ENSURE(!c->connector && (c->stream == NULL) == (next >= REDIS_CONTACT_FALLING));
    c->state = next;
}

/* Nothing comes from net any more. */
static void
contact_let_go(struct redis_contact *c)
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

/* With the reason that is there. */
static void
contact_fall(struct redis_contact *c)
{
    if (c->state >= REDIS_CONTACT_FALLING)
        return;
    contact_let_go(c);
    contact_enter(c, REDIS_CONTACT_FALLING);
    loop_end_of_turn(c->loop, &c->fallen);
}

void
redis_contact_fall(struct redis_contact *c, const char *reason)
{
    if (c->reason[0] == '\0')
        snprintf(c->reason, sizeof(c->reason), "%s", reason);
    contact_fall(c);
}

/* It sent what was not asked for; an error that was noted before is the better reason. */
static void
fall_strange(struct redis_contact *c)
{
    redis_reason_stranger(c->reason, &c->about, str_slice("", 0));
    contact_fall(c);
}

/* ---- requests ---- */

static void
contact_ask(struct redis_contact *c, struct bytes *request,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    redis_request_await(&c->requests, on_reply, owner);
    (void)stream_send(c->stream, request); /* its owner bounds how much waits */
}

bool
redis_contact_send(struct redis_contact *c, struct bytes *request,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner)
{
    if (c->state != REDIS_CONTACT_OPEN)
        return false;
    contact_ask(c, request, on_reply, owner);
    return true;
}

void
redis_contact_psubscribe(struct redis_contact *c, struct str pattern)
{
    struct bytes *request;

    if (c->state != REDIS_CONTACT_OPEN)
        return;
    request = redis_request_subscribe(&c->requests, pattern);
    (void)stream_send(c->stream, request);
    bytes_unref(request);
}

/* ---- what comes ---- */

/* A value that no request waits for. */
static void
take_unasked(struct redis_contact *c, const struct redis_value *v)
{
    const struct redis_contact_handlers *h = c->handlers;

    switch (redis_request_unasked(&c->requests, v)) {
    case REDIS_UNASKED_MESSAGE:
        if (h->on_message)
            h->on_message(c->owner, v->items[2].text, v->items[3].text);
        return;
    case REDIS_UNASKED_CONFIRMATION:
        if (h->on_subscribed)
            h->on_subscribed(c->owner);
        return;
    case REDIS_UNASKED_ERROR:
        c->about.action = "PSUBSCRIBE";
        redis_reason_refused(c->reason, &c->about, v->text);
        contact_fall(c);
        return;
    case REDIS_UNASKED_STRANGE:
        fall_strange(c);
    }
}

static void
take_value(struct redis_contact *c, const struct redis_value *v)
{
    if (list_empty(&c->requests.waiting)) {
        take_unasked(c, v);
        return;
    }
    if (c->state == REDIS_CONTACT_OPEN && v->kind == REDIS_ERROR &&
        redis_reason_is_demoted(v->text)) {
        redis_reason_refused(c->reason, &c->about, v->text);
        contact_fall(c);
    }
    redis_request_answer(&c->requests, v);
}

/* It sent what is not a reply, or too much of one; a greeting has no long answers. */
static void
fall_by_words(struct redis_contact *c, bool too_long, struct str said)
{
    if (too_long && c->state == REDIS_CONTACT_OPEN)
        snprintf(c->reason, sizeof(c->reason), "%s sends a reply that is too long", c->where);
    else
        redis_reason_stranger(c->reason, &c->about, said);
    contact_fall(c);
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
        take_value(c, v); /* may close c */
        redis_parser_release(&c->parser);
    }
    if (result == REDIS_PARSE_BAD || result == REDIS_PARSE_TOO_LARGE)
        fall_by_words(c, result == REDIS_PARSE_TOO_LARGE, said);
}

static void
contact_on_data(void *owner, const char *data, size_t len)
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
contact_on_end(void *owner, enum stream_end why)
{
    struct redis_contact *c = owner;
    const char *error = stream_error(c->stream);

    (void)why;
    c->stream = NULL;
    if (error)
        redis_reason_failed(c->reason, &c->about, error);
    else
        redis_reason_closed(c->reason, &c->about, c->mute);
    contact_fall(c);
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

static void
on_greeting(void *owner, const struct redis_value *reply)
{
    struct redis_contact *c = owner;

    if (!reply || c->state != REDIS_CONTACT_GREETING)
        return;
    switch (redis_greeting_take(&c->greeting, reply, &c->about, c->reason)) {
    case REDIS_GREETING_MORE:
        return;
    case REDIS_GREETING_LET_IN:
        timer_stop(&c->limit);
        contact_enter(c, REDIS_CONTACT_OPEN);
        apply_pause(c);
        c->handlers->on_open(c->owner, c->greeting.question ? reply : NULL);
        return;
    case REDIS_GREETING_REFUSED:
        fall_strange(c);
    }
}

static void
contact_on_connected(void *owner, struct stream *s, const char *error)
{
    static const struct stream_handlers handlers = { .on_data = contact_on_data,
        .on_end = contact_on_end };
    struct redis_contact *c = owner;
    struct bytes *request;

    c->connector = NULL;
    if (!s) {
        redis_reason_failed(c->reason, &c->about, error);
        contact_fall(c);
        return;
    }
    c->stream = s;
    stream_attach(s, &handlers, c);
    timer_start(c->loop, &c->limit, c->limit_ms);
    contact_enter(c, REDIS_CONTACT_GREETING);
    while ((request = redis_greeting_next(&c->greeting))) {
        contact_ask(c, request, on_greeting, c);
        bytes_unref(request);
    }
}

static void
contact_on_limit(void *owner)
{
    struct redis_contact *c = owner;
    char sentence[REDIS_REASON_SIZE];

    snprintf(sentence, sizeof(sentence), "no answer from %s in time", c->where);
    c->reason[0] = '\0';
    redis_reason_failed(c->reason, &c->about, sentence);
    contact_fall(c);
}

/* A request's owner may close the contact: then the others are told nothing. */
static void
contact_on_fallen(void *owner)
{
    struct redis_contact *c = owner;

    while (c->state != REDIS_CONTACT_CLOSED && redis_request_answer(&c->requests, NULL)) {
    }
    if (c->state != REDIS_CONTACT_CLOSED)
        c->handlers->on_lost(c->owner, c->reason);
}

struct redis_contact *
redis_contact_open(struct loop *l, struct redis_settings *s, const struct redis_contact_options *o,
    const struct redis_contact_handlers *h, void *owner)
{
    struct redis_contact *c = mem_zalloc(sizeof(*c));
    struct connector_target target = {
        .host = o->path ? NULL : o->host,
        .port = o->port,
        .path = o->path,
        .server_name = s->server_name,
        .timeout_ms = o->limit_ms,
    };

    c->loop = l;
    c->handlers = h;
    c->owner = owner;
    c->greeting = (struct redis_greeting){ .settings = s, .sentinel = o->sentinel };
    if (o->path)
        snprintf(c->where, sizeof(c->where), "%s", o->path);
    else
        snprintf(c->where, sizeof(c->where), strchr(o->host, ':') ? "[%s]:%u" : "%s:%u", o->host,
            o->port);
    c->about = (struct redis_reason_about){
        .where = c->where,
        .sentinel = o->sentinel,
        .tls = s->tls && (!o->sentinel || s->sentinel_tls),
        .path = o->path != NULL,
        .by_sentinels = s->sentinels.count > 0,
    };
    c->limit_ms = o->limit_ms;
    c->mute = true;
    if (o->question_count > 0)
        c->greeting.question = redis_request_new(o->question, o->question_count);
    redis_request_init(&c->requests);
    redis_parser_init(&c->parser);
    loop_task_init(&c->fallen, contact_on_fallen, c);
    timer_init(&c->limit, contact_on_limit, c);
    target.secure = c->about.tls ? s->tls : NULL;
    c->connector = connector_open(l, &target, contact_on_connected, c);
    return c;
}

static void
contact_drop(void *object)
{
    struct redis_contact *c = object;

    redis_parser_fini(&c->parser);
    bytes_unref(c->greeting.question);
    free(c);
}

void
redis_contact_close(struct redis_contact *c)
{
    if (!c || c->state == REDIS_CONTACT_CLOSED)
        return;
    if (c->stream)
        stream_flush(c->stream); /* what was sent in this turn is not sent again */
    contact_let_go(c);
    contact_enter(c, REDIS_CONTACT_CLOSED);
    loop_task_cancel(&c->fallen);
    redis_request_fini(&c->requests);
    loop_defer_free(c->loop, c, contact_drop);
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
