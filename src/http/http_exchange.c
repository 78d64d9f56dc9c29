/* SPDX-License-Identifier: MIT */
/*
 * http_exchange: one request and its answer.
 */
#include "http_conn_priv.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "http_parser.h"

/* A turn ends with tasks, and writes after them: a request that arrived in the turn itself is asked
 * a second time too early. */
enum { POSTPONED_MAX = 2 };

struct http_exchange *
http_exchange_new(struct http_conn *c)
{
    struct http_exchange *x = mem_zalloc(sizeof(*x));

    x->conn = c;
    x->parser = http_parser_new(HTTP_PARSER_REQUEST, c->limits->head_bytes, c->limits->headers);
    return x;
}

static void
exchange_free(void *object)
{
    struct http_exchange *x = object;

    http_parser_free(x->parser);
    free(x);
}

void
http_exchange_release(struct http_exchange *x)
{
    struct http_conn *c = x->conn;

    if (!c)
        return;
    ENSURE(c->exchange == x);
    c->exchange = NULL;
    x->conn = NULL;
    http_state_account(c);
    loop_defer_free(c->loop, x, exchange_free);
}

void
http_exchange_leave(struct http_exchange *x)
{
    struct http_conn *c = x->conn;

    ENSURE(c->state == HTTP_CONN_ASKING && !x->handlers);
    http_exchange_release(x);
    http_state_leave(c);
    if (c->handlers->on_left)
        c->handlers->on_left(c->owner, c);
}

/* The target without "http://authority", which clients send to proxies (RFC 9112, 3.2.2). */
static struct str
without_authority(struct str target)
{
    const char *at;

    if (str_starts(target, "/") || str_is(target, "*"))
        return target;
    at = memchr(target.data, ':', target.len);
    target.len -= (size_t)(at + 3 - target.data);
    target.data = at + 3;
    for (size_t i = 0; i < target.len; i++) {
        if (target.data[i] == '/' || target.data[i] == '?')
            return str_slice(target.data + i, target.len - i);
    }
    return STR_LIT("/");
}

/* Among the protocols that a client would rather speak; any other wish may be passed over (RFC 9110
 * 7.8), as that for h2c, which curl and Java's client utter with each first request. */
static bool
names_websocket(struct str list)
{
    while (list.len > 0)
        if (str_is_nocase(str_trim(str_cut(list, ',', &list)), "websocket"))
            return true;
    return false;
}

void
http_exchange_begin(struct http_exchange *x)
{
    const struct http_message *m = http_parser_message(x->parser);
    struct http_request *r = &x->request;
    struct str query;

    r->method = m->method;
    r->target = m->target;
    r->path = str_cut(without_authority(m->target), '?', &query);
    if (r->path.len == 0)
        r->path = STR_LIT("/");
    r->query = query;
    r->headers = m->headers;
    r->header_count = m->header_count;
    r->upgrade = m->upgrade && !m->has_body && m->minor == 1 &&
                 names_websocket(http_request_header(r, "Upgrade"));
    r->tls = stream_is_encrypted(x->conn->stream);
    r->local = !stream_peer(x->conn->stream, &r->peer);
}

void
http_exchange_take(
    struct http_exchange *x, size_t body_limit, const struct http_exchange_handlers *h, void *owner)
{
    ENSURE(!x->conn || (x->conn->state >= HTTP_CONN_ASKING && !x->handlers));
    x->handlers = h;
    x->owner = owner;
    x->body_limit = body_limit;
}

/* Content earns time; its framing does not. */
uint64_t
http_exchange_body_left_ms(const struct http_exchange *x)
{
    const struct http_limits *l = x->conn->limits;
    uint64_t earned_ms = http_parser_body(x->parser).len * 1000 / l->body_bytes_per_s;
    uint64_t due_ms = x->body_since_ms + l->body_timeout_ms + earned_ms;
    uint64_t now_ms = loop_now_ms(x->conn->loop);

    return due_ms > now_ms ? due_ms - now_ms : 0;
}

void
http_exchange_reply(struct http_exchange *x, const struct http_reply *reply)
{
    struct http_conn *c = x->conn;
    const struct http_message *m = http_parser_message(x->parser);

    if (!c)
        return;
    /* The rest of a body that was not read would be taken for the next request. */
    bool body_read = c->state == HTTP_CONN_ANSWERING || !m->has_body;
    bool keep = body_read && m->keep_alive && m->minor == 1 && !c->retiring && !reply->close;
    if (c->state < HTTP_CONN_CLOSING) {
        struct bytes *out = http_reply_bytes(reply, keep, x->request.method == HTTP_METHOD_HEAD);
        bytes_count(out, loop_budget(c->loop));
        c->blocked = !stream_send(c->stream, out);
        bytes_unref(out);
    }
    http_exchange_release(x);
    c->postponed = 0;
    http_state_answered(c, keep);
}

void
http_exchange_reply_text(
    struct http_exchange *x, unsigned status, const char *type, const char *body)
{
    struct http_reply reply = { .status = status, .type = type, .body = str_of(body) };

    http_exchange_reply(x, &reply);
}

void
http_exchange_destroy(struct http_exchange *x)
{
    struct http_conn *c = x->conn;

    if (!c)
        return;
    http_exchange_release(x);
    if (c->state < HTTP_CONN_CLOSING)
        http_state_enter(c, HTTP_CONN_CLOSING);
    stream_close(c->stream, STREAM_END_LOCAL);
}

const struct http_request *
http_exchange_request(const struct http_exchange *x)
{
    return &x->request;
}

struct stream *
http_exchange_upgrade(struct http_exchange *x, char **early, size_t *early_len)
{
    const struct http_conn *c = x->conn;
    struct stream *s = c->stream;

    *early_len = c->rest.len;
    *early = c->rest.len > 0 ? mem_copy_text(c->rest.data, c->rest.len) : NULL;
    http_exchange_leave(x);
    return s;
}

/* The head goes back to where it came from; nothing else is there in ASKING. */
bool
http_exchange_postpone(struct http_exchange *x)
{
    struct http_conn *c = x->conn;

    ENSURE(c && c->state == HTTP_CONN_ASKING && !x->handlers && c->ahead.len == 0);
    if (c->postponed == POSTPONED_MAX)
        return false;
    c->postponed++;
    buffer_append_str(&c->ahead, http_parser_message(x->parser)->raw);
    buffer_append_str(&c->ahead, c->rest);
    http_exchange_release(x);
    http_state_answered(c, true);
    return true;
}
