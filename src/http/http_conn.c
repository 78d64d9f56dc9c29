/* SPDX-License-Identifier: MIT */
/*
 * http_conn: bytes in, requests up, one at a time.
 */
#include "http/http_conn.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "http_check.h"
#include "http_conn_priv.h"
#include "http_parser.h"

enum { IGNORED_BODY_MAX = 4096 }; /* of a request that was taken with HTTP_NO_BODY */

/* The exchange ends without its owner's answer. */
static void
exchange_abandon(struct http_exchange *x, enum http_abort why)
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
        exchange_abandon(c->exchange, HTTP_ABORT_GONE);
}

/* The head is complete; rest was received after it. */
static void
conn_ask(struct http_conn *c, struct str rest)
{
    struct http_exchange *x = c->exchange;
    const struct http_message *m = http_parser_message(x->parser);
    unsigned refusal = http_check_request(m);
    size_t body_limit;

    http_state_enter(c, HTTP_CONN_ASKING);
    timer_stop(&c->limit);
    if (refusal != 0) {
        conn_refuse(c, refusal);
        return;
    }
    http_exchange_begin(x);
    c->rest = rest;
    c->handlers->on_request(c->owner, x, &x->request);
    c->rest = str_slice(NULL, 0);
    if (c->state != HTTP_CONN_ASKING)
        return;
    ENSURE(x->handlers);
    http_state_enter(c, HTTP_CONN_BODY);
    body_limit = x->body_limit == HTTP_NO_BODY ? IGNORED_BODY_MAX : x->body_limit;
    http_parser_limit_body(x->parser, body_limit);
    x->body_since_ms = loop_now_ms(c->loop);
    timer_start(c->loop, &c->limit, c->limits->body_timeout_ms);
    /* A client that waits for our consent before it sends the body gets it. */
    if (rest.len == 0 && m->has_body && m->content_length <= body_limit && m->minor == 1 &&
        http_request_header(&x->request, "Expect").len > 0)
        stream_send_copy(c->stream, "HTTP/1.1 100 Continue\r\n\r\n", 25);
}

/* Returns how much of data was the request's. */
static size_t
conn_feed_request(struct http_conn *c, const char *data, size_t len)
{
    struct http_exchange *x = c->exchange;
    struct str body;
    size_t used, more = 0;
    enum http_parse result = http_parser_feed(x->parser, data, len, &used);

    if (result == HTTP_PARSE_HEAD) {
        conn_ask(c, str_slice(data + used, len - used));
        if (c->state != HTTP_CONN_BODY)
            return c->ahead.len > 0 ? len : used; /* ahead: it was postponed */
        result = http_parser_feed(x->parser, data + used, len - used, &more);
    }
    switch (result) {
    case HTTP_PARSE_MORE:
        break;
    case HTTP_PARSE_END:
        http_state_enter(c, HTTP_CONN_ANSWERING);
        body = x->body_limit == HTTP_NO_BODY ? str_slice(NULL, 0) : http_parser_body(x->parser);
        x->handlers->on_body(x->owner, x, body);
        if (x->conn)
            http_parser_drop_body(x->parser);
        break;
    case HTTP_PARSE_BODY_LARGE:
        /* The owner may answer in its own words within the call. */
        x->handlers->on_abort(x->owner, x, HTTP_ABORT_TOO_LARGE);
        http_exchange_reply(x, &(struct http_reply){ .status = 413, .close = true });
        break;
    case HTTP_PARSE_HEAD_LARGE:
        conn_refuse(c, 431);
        break;
    case HTTP_PARSE_HEAD:
    case HTTP_PARSE_BAD:
        conn_refuse(c, 400);
        break;
    }
    return used + more;
}

static size_t
conn_begin_head(struct http_conn *c, const char *data, size_t len)
{
    size_t skipped = 0;

    /* Empty lines before a request mean nothing (RFC 9112, 2.2). */
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

/* What is received too early waits here, and past some length in the kernel. */
static void
conn_keep(struct http_conn *c, const char *data, size_t len)
{
    buffer_append(&c->ahead, data, len);
    if (c->ahead.len < c->limits->head_bytes || c->paused)
        return;
    c->paused = true;
    stream_pause(c->stream);
}

static void
conn_feed(struct http_conn *c, const char *data, size_t len)
{
    size_t at = 0;

    while (at < len && c->state <= HTTP_CONN_BODY) {
        if (c->state == HTTP_CONN_IDLE && c->blocked)
            break;
        if (c->state == HTTP_CONN_IDLE)
            at += conn_begin_head(c, data + at, len - at);
        else
            at += conn_feed_request(c, data + at, len - at);
    }
    if (at < len && c->state < HTTP_CONN_CLOSING)
        conn_keep(c, data + at, len - at);
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
    conn_feed(c, ahead.data, ahead.len);
    buffer_fini(&ahead);
    http_state_account(c);
}

static void
conn_on_data(void *owner, const char *data, size_t len)
{
    struct http_conn *c = owner;

    if (c->state >= HTTP_CONN_CLOSING)
        return;
    if (c->ahead.len > 0 || c->state == HTTP_CONN_ANSWERING)
        conn_keep(c, data, len);
    else
        conn_feed(c, data, len);
    http_state_account(c);
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
        exchange_abandon(c->exchange, HTTP_ABORT_GONE);
    h->on_end(c->owner, c);
}

static const struct stream_handlers stream_handlers = {
    .on_data = conn_on_data,
    .on_drain = conn_on_drain,
    .on_end = conn_on_end,
};

/* Our last answer is still being read. */
static void
conn_on_slow_answer(struct http_conn *c)
{
    const struct http_limits *l = c->limits;
    uint64_t written = stream_bytes_out(c->stream);
    uint64_t least = l->idle_timeout_ms * l->answer_bytes_per_s / 1000;

    if (written - c->bytes_out < least) {
        http_conn_close(c);
        return;
    }
    c->bytes_out = written;
    timer_start(c->loop, &c->limit, l->idle_timeout_ms);
}

static void
conn_on_limit(void *owner)
{
    struct http_conn *c = owner;
    bool between = c->state == HTTP_CONN_IDLE && c->served;
    uint64_t more_ms = c->state == HTTP_CONN_BODY ? http_exchange_body_left_ms(c->exchange) : 0;

    if (more_ms > 0)
        timer_start(c->loop, &c->limit, more_ms);
    else if (between && stream_queued(c->stream) > 0)
        conn_on_slow_answer(c);
    else if (between)
        http_state_finish(c);
    else
        conn_refuse(c, 408);
}

static struct http_conn *
conn_new(struct loop *l, const struct http_limits *limits, const struct http_conn_handlers *h,
    void *owner)
{
    struct http_conn *c = mem_zalloc(sizeof(*c));

    budget_take(loop_budget(l), sizeof(*c));
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
    struct http_conn *c = conn_new(stream_loop(s), limits, h, owner);

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

size_t
http_conn_weight(const struct http_conn *c)
{
    if (c->state >= HTTP_CONN_CLOSING)
        return 0;
    return sizeof(*c) + c->held + stream_weight(c->stream);
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
    struct http_conn *c = conn_new(l, limits, h, owner);

    c->stream = stream_adopt(l, p->stream, &stream_handlers, c);
    p->stream = NULL;
    c->served = p->served;
    c->ahead = p->raw;
    buffer_init(&p->raw);
    http_state_account(c);
    http_state_go_on(c);
    http_conn_drop_parcel(p);
    return c;
}
