/* SPDX-License-Identifier: MIT */
/*
 * http_conn: bytes in, requests up, one at a time.
 */
#include "http/http_conn.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "http_check.h"
#include "http_conn_priv.h"
#include "http_parser.h"

/* The exchange ends without its owner's answer. */
static void
abandon(struct http_exchange *x, enum http_abort why)
{
    http_exchange_release(x);
    if (x->handlers)
        x->handlers->on_abort(x->owner, x, why);
}

/* Nothing that follows on this connection can be understood. */
static void
conn_refuse(struct http_conn *c, unsigned status)
{
    struct http_reply reply = { .status = status };
    struct bytes *out = http_reply_bytes(&reply, false, false);

    stream_send(c->stream, out);
    bytes_unref(out);
    http_state_finish(c);
    if (c->exchange)
        abandon(c->exchange, HTTP_ABORT_GONE);
}

/* The owner may answer in its own words within the call. */
static void
refuse_large(struct http_conn *c)
{
    struct http_exchange *x = c->exchange;
    struct http_reply reply = { .status = 413, .close = true };

    x->handlers->on_abort(x->owner, x, HTTP_ABORT_TOO_LARGE);
    http_exchange_reply(x, &reply);
}

static void
take_body(struct http_conn *c)
{
    struct http_exchange *x = c->exchange;

    http_state_enter(c, HTTP_CONN_ANSWERING);
    x->handlers->on_body(
        x->owner, x, x->body_ignored ? str_slice(NULL, 0) : http_parser_body(x->parser));
    if (x->conn)
        http_parser_drop_body(x->parser);
}

static size_t
feed_body(struct http_conn *c, const char *data, size_t len)
{
    size_t used;

    switch (http_parser_feed(c->exchange->parser, data, len, &used)) {
    case HTTP_PARSE_MORE:
        break;
    case HTTP_PARSE_END:
        take_body(c);
        break;
    case HTTP_PARSE_BODY_LARGE:
        refuse_large(c);
        break;
    case HTTP_PARSE_HEAD_LARGE:
        conn_refuse(c, 431);
        break;
    case HTTP_PARSE_HEAD:
    case HTTP_PARSE_BAD:
        conn_refuse(c, 400);
        break;
    }
    return used;
}

/* A client that waits for our consent before it sends the body gets it. */
static size_t
begin_body(struct http_conn *c, const char *data, size_t len)
{
    struct http_exchange *x = c->exchange;
    const struct http_message *m = http_parser_message(x->parser);

    http_state_enter(c, HTTP_CONN_BODY);
    http_parser_limit_body(x->parser, x->body_limit);
    x->body_since_ms = loop_now_ms(c->loop);
    timer_start(c->loop, &c->limit, c->limits->body_timeout_ms);
    if (len == 0 && m->has_body && m->content_length <= x->body_limit && m->minor == 1 &&
        http_request_header(&x->request, "Expect").len > 0)
        stream_send_copy(c->stream, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return feed_body(c, data, len);
}

/* The head is complete.  Returns how much of what follows it was the body. */
static size_t
ask(struct http_conn *c, const char *data, size_t len)
{
    struct http_exchange *x = c->exchange;
    unsigned refusal = http_check_request(http_parser_message(x->parser));

    http_state_enter(c, HTTP_CONN_ASKING);
    timer_stop(&c->limit);
    if (refusal != 0) {
        conn_refuse(c, refusal);
        return 0;
    }
    http_exchange_begin(x);
    c->rest = str_slice(data, len);
    c->handlers->on_request(c->owner, x, &x->request);
    c->rest = str_slice(NULL, 0);
    if (c->state != HTTP_CONN_ASKING)
        return c->ahead.len > 0 ? len : 0; /* ahead: it was postponed */
    ENSURE(x->handlers);
    return begin_body(c, data, len);
}

static size_t
feed_head(struct http_conn *c, const char *data, size_t len)
{
    size_t used;

    switch (http_parser_feed(c->exchange->parser, data, len, &used)) {
    case HTTP_PARSE_MORE:
        break;
    case HTTP_PARSE_HEAD:
        return used + ask(c, data + used, len - used);
    case HTTP_PARSE_HEAD_LARGE:
        conn_refuse(c, 431);
        break;
    case HTTP_PARSE_BODY_LARGE:
    case HTTP_PARSE_END:
    case HTTP_PARSE_BAD:
        conn_refuse(c, 400);
        break;
    }
    return used;
}

/* Empty lines before a request mean nothing (RFC 9112, 2.2). */
static size_t
begin_head(struct http_conn *c, const char *data, size_t len)
{
    size_t skipped = 0;

    while (skipped < len && (data[skipped] == '\r' || data[skipped] == '\n'))
        skipped++;
    if (skipped == len)
        return len;
    c->exchange = http_exchange_new(c);
    http_state_enter(c, HTTP_CONN_HEAD);
    if (c->served)
        timer_start(c->loop, &c->limit, c->limits->head_timeout_ms);
    c->served = true;
    return skipped;
}

/* What is received too early waits here, and from some length on in the kernel. */
static void
keep(struct http_conn *c, const char *data, size_t len)
{
    buffer_append(&c->ahead, data, len);
    if (c->ahead.len < c->limits->head_bytes || c->paused)
        return;
    c->paused = true;
    stream_pause(c->stream);
}

static void
feed(struct http_conn *c, const char *data, size_t len)
{
    size_t at = 0;

    while (at < len && c->state <= HTTP_CONN_BODY) {
        if (c->state == HTTP_CONN_IDLE && c->blocked)
            break;
        if (c->state == HTTP_CONN_IDLE)
            at += begin_head(c, data + at, len - at);
        else if (c->state == HTTP_CONN_HEAD)
            at += feed_head(c, data + at, len - at);
        else
            at += feed_body(c, data + at, len - at);
    }
    if (at < len && c->state < HTTP_CONN_CLOSING)
        keep(c, data + at, len - at);
}

static void
conn_on_again(void *owner)
{
    struct http_conn *c = owner;
    struct buffer ahead = c->ahead;

    buffer_init(&c->ahead);
    if (c->paused) {
        c->paused = false;
        stream_resume(c->stream);
    }
    feed(c, ahead.data, ahead.len);
    buffer_fini(&ahead);
}

static void
conn_on_data(void *owner, const char *data, size_t len)
{
    struct http_conn *c = owner;

    if (c->state >= HTTP_CONN_CLOSING)
        return;
    if (c->ahead.len > 0 || c->state == HTTP_CONN_ANSWERING)
        keep(c, data, len);
    else
        feed(c, data, len);
}

static void
conn_on_drain(void *owner)
{
    struct http_conn *c = owner;

    c->blocked = false;
    http_state_go_on(c);
}

static void
conn_on_end(void *owner, enum stream_end why)
{
    struct http_conn *c = owner;
    const struct http_conn_handlers *h = c->handlers;

    (void)why; /* whichever it was, no answer can be sent */
    http_state_leave(c);
    if (c->exchange)
        abandon(c->exchange, HTTP_ABORT_GONE);
    h->on_end(c->owner, c);
}

static const struct stream_handlers stream_handlers = {
    .on_data = conn_on_data,
    .on_drain = conn_on_drain,
    .on_end = conn_on_end,
};

static void
conn_on_limit(void *owner)
{
    struct http_conn *c = owner;
    bool between = c->state == HTTP_CONN_IDLE && c->served;
    uint64_t written = stream_bytes_out(c->stream), more_ms = 0;

    if (c->state == HTTP_CONN_BODY)
        more_ms = http_exchange_body_left_ms(c->exchange);
    else if (between && stream_queued(c->stream) > 0 && written != c->bytes_out)
        more_ms = c->limits->idle_timeout_ms; /* it is still taking our last answer: not idle */
    c->bytes_out = written;
    if (more_ms > 0)
        timer_start(c->loop, &c->limit, more_ms);
    else if (between)
        http_state_finish(c);
    else
        conn_refuse(c, 408);
}

static struct http_conn *
new_conn(struct loop *l, const struct http_limits *limits, const struct http_conn_handlers *h,
    void *owner)
{
    struct http_conn *c = mem_zalloc(sizeof(*c));

    c->loop = l;
    c->limits = limits;
    c->handlers = h;
    c->owner = owner;
    timer_init(&c->limit, conn_on_limit, c);
    loop_task_init(&c->again, conn_on_again, c);
    timer_start(l, &c->limit, limits->head_timeout_ms);
    return c;
}

struct http_conn *
http_conn_open(struct stream *s, const struct http_limits *limits,
    const struct http_conn_handlers *h, void *owner)
{
    struct http_conn *c = new_conn(stream_loop(s), limits, h, owner);

    c->stream = s;
    stream_attach(s, &stream_handlers, c);
    return c;
}

void
http_conn_close(struct http_conn *c)
{
    if (c->state < HTTP_CONN_CLOSING)
        http_state_enter(c, HTTP_CONN_CLOSING);
    if (c->stream)
        stream_close(c->stream, STREAM_END_LOCAL);
}

void
http_conn_retire(struct http_conn *c)
{
    c->retiring = true;
    if (c->state == HTTP_CONN_IDLE && c->ahead.len == 0)
        http_state_finish(c);
}

struct http_parcel *
http_conn_detach(struct http_exchange *x)
{
    struct http_conn *c = x->conn;
    struct stream_parcel *stream;
    struct http_parcel *p;

    ENSURE(c && c->state == HTTP_CONN_ASKING && !x->handlers);
    stream = stream_queued(c->stream) == 0 ? stream_detach(c->stream) : NULL;
    if (!stream)
        return NULL;
    p = mem_zalloc(sizeof(*p));
    p->stream = stream;
    p->served = c->served;
    buffer_append_str(&p->raw, http_parser_message(x->parser)->raw);
    buffer_append_str(&p->raw, c->rest);
    http_exchange_leave(x);
    return p;
}

void
http_conn_drop_parcel(struct http_parcel *p)
{
    if (!p)
        return;
    stream_parcel_drop(p->stream);
    buffer_fini(&p->raw);
    free(p);
}

struct http_conn *
http_conn_adopt(struct loop *l, struct http_parcel *p, const struct http_limits *limits,
    const struct http_conn_handlers *h, void *owner)
{
    struct http_conn *c = new_conn(l, limits, h, owner);

    c->stream = stream_adopt(l, p->stream, &stream_handlers, c);
    p->stream = NULL;
    c->served = p->served;
    c->ahead = p->raw;
    buffer_init(&p->raw);
    http_state_go_on(c);
    http_conn_drop_parcel(p);
    return c;
}
