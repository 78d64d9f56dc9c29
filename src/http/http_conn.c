/* SPDX-License-Identifier: MIT */
/*
 * http_conn: the life of a server's connection: bytes in, requests up.
 */
#include "http/http_conn.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "http_conn_priv.h"
#include "http_parser.h"
#include "net/stream.h"

struct http_parcel {
    struct stream_parcel *stream;
    struct buffer raw; /* from the head's first byte */
};

static uint64_t
limit_of(const struct http_conn *c, enum http_conn_state state)
{
    switch (state) {
    case HTTP_CONN_IDLE:
        return c->limits->idle_timeout_ms;
    case HTTP_CONN_HEAD:
        return c->limits->head_timeout_ms;
    case HTTP_CONN_BODY:
        return c->limits->body_timeout_ms;
    case HTTP_CONN_DECIDING:
    case HTTP_CONN_WAITING:
    case HTTP_CONN_CLOSING:
    case HTTP_CONN_GONE:
        return 0;
    }
    return 0;
}

void
http_conn_enter(struct http_conn *c, enum http_conn_state next)
{
    static const unsigned may_follow[] = {
        [HTTP_CONN_IDLE] = BIT(HTTP_CONN_HEAD) | BIT(HTTP_CONN_CLOSING) | BIT(HTTP_CONN_GONE),
        [HTTP_CONN_HEAD] = BIT(HTTP_CONN_DECIDING) | BIT(HTTP_CONN_CLOSING) | BIT(HTTP_CONN_GONE),
        [HTTP_CONN_DECIDING] = BIT(HTTP_CONN_BODY) | BIT(HTTP_CONN_IDLE) | BIT(HTTP_CONN_CLOSING) |
                               BIT(HTTP_CONN_GONE),
        [HTTP_CONN_BODY] = BIT(HTTP_CONN_WAITING) | BIT(HTTP_CONN_CLOSING) | BIT(HTTP_CONN_GONE),
        [HTTP_CONN_WAITING] = BIT(HTTP_CONN_IDLE) | BIT(HTTP_CONN_CLOSING) | BIT(HTTP_CONN_GONE),
        [HTTP_CONN_CLOSING] = BIT(HTTP_CONN_GONE),
        [HTTP_CONN_GONE] = 0,
    };
    uint64_t limit_ms = limit_of(c, next);

    ENSURE(may_follow[c->state] & BIT(next));
    c->state = next;
    timer_stop(&c->timer);
    if (limit_ms > 0)
        timer_start(c->loop, &c->timer, limit_ms);
}

static void
conn_free(void *conn)
{
    struct http_conn *c = conn;

    timer_stop(&c->timer);
    loop_task_cancel(&c->pump);
    http_parser_free(c->parser);
    buffer_fini(&c->head);
    buffer_fini(&c->rest);
    buffer_fini(&c->exchange.body);
    free(c);
}

static void
abort_exchange(struct http_conn *c, enum http_abort why)
{
    const struct http_exchange_handlers *h = c->exchange.handlers;

    c->exchange.handlers = NULL;
    if (h)
        h->on_abort(c->exchange.owner, &c->exchange, why);
}

void
http_conn_abandon(struct http_conn *c)
{
    http_conn_enter(c, HTTP_CONN_GONE);
    c->stream = NULL;
    loop_task_cancel(&c->pump);
    loop_defer_free(c->loop, c, conn_free);
}

static void
on_stream_end(void *owner, enum stream_end why)
{
    struct http_conn *c = owner;

    (void)why;
    http_conn_abandon(c);
    abort_exchange(c, HTTP_ABORT_GONE);
    c->handlers->on_end(c->owner, c);
}

void
http_conn_close(struct http_conn *c)
{
    if (c->state >= HTTP_CONN_CLOSING)
        return;
    http_conn_enter(c, HTTP_CONN_CLOSING);
    stream_close(c->stream, STREAM_END_LOCAL);
    abort_exchange(c, HTTP_ABORT_GONE);
}

void
http_conn_finish(struct http_conn *c)
{
    if (c->state >= HTTP_CONN_CLOSING)
        return;
    http_conn_enter(c, HTTP_CONN_CLOSING);
    stream_finish(c->stream);
}

/* An answer of the connection's own, to a request that is no request. */
static void
refuse(struct http_conn *c, const char *status_line)
{
    char text[160];
    int len = snprintf(text, sizeof(text),
        "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", status_line);

    stream_send_copy(c->stream, text, (size_t)len);
    http_conn_finish(c);
}

static void
on_timer(void *owner)
{
    struct http_conn *c = owner;

    if (c->state == HTTP_CONN_IDLE) {
        http_conn_close(c);
        return;
    }
    refuse(c, "408 Request Timeout");
    abort_exchange(c, HTTP_ABORT_GONE);
}

/* A piece of the body; false stops the parser. */
static bool
on_body_piece(void *owner, struct str piece)
{
    struct http_conn *c = owner;
    struct http_exchange *x = &c->exchange;

    if (piece.len > x->body_limit - x->body.len)
        return false;
    buffer_append_str(&x->body, piece);
    timer_start(c->loop, &c->timer, c->limits->body_timeout_ms);
    return true;
}

void
http_conn_next(struct http_conn *c)
{
    bool was_paused = c->paused;

    if (c->retiring || !c->keep_alive) {
        http_conn_finish(c);
        return;
    }
    http_conn_enter(c, HTTP_CONN_IDLE);
    http_parser_free(c->parser);
    c->parser = NULL;
    buffer_fini(&c->head);
    buffer_fini(&c->exchange.body);
    c->exchange = (struct http_exchange){ 0 };
    c->parsed = 0;
    c->paused = false;
    if (was_paused)
        stream_resume(c->stream);
    if (c->rest.len > 0)
        loop_end_of_turn(c->loop, &c->pump);
}

static void
fill_request(struct http_conn *c)
{
    struct http_request *r = &c->exchange.request;

    *r = (struct http_request){
        .method = http_parser_method(c->parser),
        .target = http_parser_target(c->parser, c->head.data),
        .upgrade = http_parser_wants_upgrade(c->parser),
        .tls = stream_is_tls(c->stream),
        .peer = stream_peer(c->stream),
    };
    r->path = str_cut(r->target, '?', &r->query);
    r->headers = http_parser_headers(c->parser, c->head.data, &r->header_count);
}

static void
refuse_head(struct http_conn *c, enum http_parser_result result)
{
    refuse(c,
        result == HTTP_PARSER_TOO_MANY ? "431 Request Header Fields Too Large" : "400 Bad Request");
}

/* Everything in rest belongs to the head, until the parser says where it ends. */
static void
pump_head(struct http_conn *c)
{
    enum http_parser_result result;
    size_t taken;

    if (c->state == HTTP_CONN_IDLE)
        http_conn_enter(c, HTTP_CONN_HEAD);
    if (!c->parser)
        c->parser = http_parser_new(false, c->limits->headers, on_body_piece, c);
    buffer_append_str(&c->head, buffer_str(&c->rest));
    buffer_clear(&c->rest);
    result = http_parser_feed(c->parser, buffer_str(&c->head), c->parsed, &taken);
    c->parsed += taken;
    if (c->parsed > c->limits->head_bytes)
        result = HTTP_PARSER_TOO_MANY;
    if (result == HTTP_PARSER_MORE)
        return;
    if (result != HTTP_PARSER_HEAD) {
        refuse_head(c, result);
        return;
    }
    buffer_append(&c->rest, c->head.data + c->parsed, c->head.len - c->parsed);
    c->head.len = c->parsed;
    c->keep_alive = http_parser_keeps_alive(c->parser);
    fill_request(c);
    http_conn_enter(c, HTTP_CONN_DECIDING);
    c->handlers->on_request(c->owner, &c->exchange, &c->exchange.request);
}

static void
body_too_large(struct http_conn *c)
{
    abort_exchange(c, HTTP_ABORT_TOO_LARGE);
    if (c->state < HTTP_CONN_CLOSING)
        refuse(c, "413 Payload Too Large");
}

static void
body_done(struct http_conn *c)
{
    struct http_exchange *x = &c->exchange;

    http_conn_enter(c, HTTP_CONN_WAITING);
    x->handlers->on_body(x->owner, x, buffer_str(&x->body));
}

static void
pump_body(struct http_conn *c)
{
    enum http_parser_result result;
    size_t taken;

    if (http_parser_length(c->parser) > c->exchange.body_limit) {
        body_too_large(c);
        return;
    }
    result = http_parser_feed(c->parser, buffer_str(&c->rest), 0, &taken);
    if (result == HTTP_PARSER_MORE || result == HTTP_PARSER_DONE)
        buffer_consume(&c->rest, taken);
    if (result == HTTP_PARSER_DONE) {
        body_done(c);
    } else if (result != HTTP_PARSER_MORE) {
        /* The parser stopped for a piece that passed the limit, or for bytes that are no chunk. */
        if (http_parser_stopped_by_body(c->parser)) {
            body_too_large(c);
            return;
        }
        refuse(c, "400 Bad Request");
        abort_exchange(c, HTTP_ABORT_GONE);
    }
}

/* Parse as far as the state and the bytes go.  Answers given meanwhile come back here by state. */
static void
pump(void *owner)
{
    struct http_conn *c = owner;
    enum http_conn_state before;
    size_t left;

    if (c->pumping)
        return;
    c->pumping = true;
    do {
        before = c->state;
        left = c->rest.len;
        if (c->state == HTTP_CONN_BODY)
            pump_body(c);
        else if (c->state <= HTTP_CONN_HEAD && c->rest.len > 0)
            pump_head(c);
    } while (c->state != before || (c->rest.len > 0 && c->rest.len < left));
    c->pumping = false;
}

static void
on_data(void *owner, const char *data, size_t len)
{
    struct http_conn *c = owner;

    if (c->state >= HTTP_CONN_CLOSING)
        return;
    buffer_append(&c->rest, data, len);
    if (c->state == HTTP_CONN_WAITING && c->rest.len > c->limits->head_bytes && !c->paused) {
        c->paused = true;
        stream_pause(c->stream);
    }
    pump(c);
}

static const struct stream_handlers stream_events = {
    .on_data = on_data,
    .on_end = on_stream_end,
};

struct http_conn *
http_conn_open(struct stream *s, const struct http_limits *limits,
    const struct http_conn_handlers *h, void *owner)
{
    struct http_conn *c = mem_zalloc(sizeof(*c));

    c->stream = s;
    c->loop = stream_loop(s);
    c->limits = limits;
    c->handlers = h;
    c->owner = owner;
    timer_init(&c->timer, on_timer, c);
    loop_task_init(&c->pump, pump, c);
    http_conn_enter(c, HTTP_CONN_HEAD);
    stream_attach(s, &stream_events, c);
    return c;
}

void
http_conn_retire(struct http_conn *c)
{
    c->retiring = true;
    if (c->state == HTTP_CONN_IDLE ||
        (c->state == HTTP_CONN_HEAD && c->head.len + c->rest.len == 0))
        http_conn_close(c);
}

struct http_parcel *
http_conn_detach(struct http_exchange *x)
{
    struct http_conn *c = http_conn_of(x);
    struct stream_parcel *stream;
    struct http_parcel *p;

    ENSURE(c->state == HTTP_CONN_DECIDING);
    if (stream_queued(c->stream) > 0)
        return NULL;
    stream = stream_detach(c->stream);
    if (!stream)
        return NULL;
    p = mem_zalloc(sizeof(*p));
    p->stream = stream;
    buffer_append_str(&p->raw, buffer_str(&c->head));
    buffer_append_str(&p->raw, buffer_str(&c->rest));
    http_conn_abandon(c);
    if (c->handlers->on_left)
        c->handlers->on_left(c->owner, c);
    return p;
}

struct http_conn *
http_conn_adopt(struct loop *l, struct http_parcel *p, const struct http_limits *limits,
    const struct http_conn_handlers *h, void *owner)
{
    struct stream *s = stream_adopt(l, p->stream, &stream_events, NULL);
    struct http_conn *c;

    p->stream = NULL;
    if (!s) {
        http_parcel_drop(p);
        return NULL;
    }
    c = http_conn_open(s, limits, h, owner);
    c->rest = p->raw;
    p->raw = (struct buffer){ 0 };
    http_parcel_drop(p);
    loop_end_of_turn(l, &c->pump);
    return c;
}

void
http_parcel_drop(struct http_parcel *p)
{
    if (!p)
        return;
    stream_parcel_drop(p->stream);
    buffer_fini(&p->raw);
    free(p);
}
