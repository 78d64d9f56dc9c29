/* SPDX-License-Identifier: MIT */
/*
 * http_client: calls, and the connections that carry them.
 *
 *   call ---> link (idle one of the origin, or a new one) ---> request out ---> answer in
 *     ^                                                             |
 *     `--- once more, on a new link: a reused one died first <------'
 */
#include "http/http_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/mem.h"
#include "http_parser.h"
#include "net/connector.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"
#include "net/tls.h"

enum { HEADERS_MAX = 200 };

struct http_client {
    struct loop *loop;
    struct tls_context *tls, *tls_loopback;
    uint64_t idle_ms;
    struct list calls; /* under way */
    struct list idle;  /* links without a call, most recently used first */
};

/* Owned by the client; freed at the end of the turn in which it ends. */
struct http_call {
    struct list node;
    struct http_client *client;
    struct http_origin origin;
    struct bytes *request;
    size_t answer_limit;
    void (*on_done)(void *owner, const struct http_answer *answer);
    void *owner;
    struct timer limit;
    struct connector *connector; /* while connecting */
    struct link *link;           /* while the request is out */
    bool done;
};

/* One connection; owned by the client's idle list, or by its call.  Ends with its stream. */
struct link {
    struct list node;           /* in client->idle while idle */
    struct http_client *client; /* not behind its close */
    struct loop *loop;
    struct http_origin origin;
    struct stream *stream;
    struct http_call *call; /* NULL: idle, or abandoned */
    struct http_parser *parser;
    struct buffer in, body;
    size_t parsed;
    bool reused, answering, head_done, closed;
    struct timer idle;
};

static void start_call(struct http_call *call);

static void
drop_call(void *object)
{
    struct http_call *call = object;

    bytes_unref(call->request);
    free(call);
}

/* Take the call out of everything; it dies at the end of the turn. */
static void
retire_call(struct http_call *call)
{
    call->done = true;
    timer_stop(&call->limit);
    list_remove(&call->node);
    if (call->connector)
        connector_cancel(call->connector);
    call->connector = NULL;
    loop_defer_free(call->client->loop, call, drop_call);
}

static void
close_link(struct link *k)
{
    if (k->closed)
        return;
    k->closed = true;
    k->call = NULL;
    timer_stop(&k->idle);
    list_remove(&k->node);
    stream_close(k->stream, STREAM_END_LOCAL);
}

static void
finish_call(struct http_call *call, const struct http_answer *answer)
{
    struct link *k = call->link;

    call->link = NULL;
    if (k)
        close_link(k);
    retire_call(call);
    call->on_done(call->owner, answer);
}

static void
fail_call(struct http_call *call, enum http_call_result result, const char *what)
{
    char error[512];

    snprintf(error, sizeof(error), "%s (%s:%u)", what, call->origin.host, call->origin.port);
    finish_call(call, &(struct http_answer){ .result = result, .error = error });
}

static void
on_limit(void *owner)
{
    struct http_call *call = owner;

    fail_call(call, HTTP_CALL_TIMEOUT, call->link ? "no answer in time" : "no connection in time");
}

static void
link_free(void *object)
{
    struct link *k = object;

    timer_stop(&k->idle);
    http_parser_free(k->parser);
    buffer_fini(&k->in);
    buffer_fini(&k->body);
    free(k);
}

/* The answer is complete: the link rests, or closes, and the call ends. */
static void
answer_done(struct link *k, bool keep)
{
    struct http_call *call = k->call;
    struct http_answer answer = { .result = HTTP_CALL_ANSWERED,
        .status = http_parser_status(k->parser),
        .body = buffer_str(&k->body) };

    k->call = NULL;
    call->link = NULL;
    if (keep && !k->closed) {
        k->answering = false;
        list_prepend(&k->client->idle, &k->node);
        timer_start(k->client->loop, &k->idle, k->client->idle_ms);
    } else {
        close_link(k);
    }
    retire_call(call);
    call->on_done(call->owner, &answer);
}

static bool
on_body_piece(void *owner, struct str piece)
{
    struct link *k = owner;

    if (!k->call || piece.len > k->call->answer_limit - k->body.len)
        return false;
    buffer_append_str(&k->body, piece);
    return true;
}

static void
begin_answer(struct link *k)
{
    http_parser_reset(k->parser);
    k->parsed = 0;
    k->head_done = false;
    buffer_clear(&k->body);
}

/* A 1xx is not the answer: what follows it is. */
static bool
was_interim(struct link *k)
{
    unsigned status = http_parser_status(k->parser);

    if (status < 100 || status > 199 || status == 101)
        return false;
    buffer_consume(&k->in, k->parsed);
    begin_answer(k);
    return true;
}

static void
broken(struct link *k)
{
    fail_call(k->call, HTTP_CALL_BROKEN,
        http_parser_stopped_by_body(k->parser) ? "the answer is too long"
                                               : "the answer is no HTTP");
}

/* Parse what is in k->in; returns true when it should be called again. */
static bool
pump_answer(struct link *k)
{
    size_t taken;
    enum http_parser_result result =
        http_parser_feed(k->parser, buffer_str(&k->in), k->parsed, &taken);

    k->parsed += taken;
    switch (result) {
    case HTTP_PARSER_HEAD:
        k->head_done = true;
        return true;
    case HTTP_PARSER_DONE:
        if (was_interim(k))
            return k->in.len > 0;
        answer_done(k, http_parser_keeps_alive(k->parser) && k->parsed == k->in.len);
        return false;
    case HTTP_PARSER_MORE:
        if (!k->head_done && k->parsed > HTTP_CLIENT_HEAD_MAX)
            broken(k);
        else if (k->head_done) {
            buffer_clear(&k->in);
            k->parsed = 0;
        }
        return false;
    case HTTP_PARSER_BAD:
    case HTTP_PARSER_TOO_MANY:
        broken(k);
        return false;
    }
    return false;
}

static void
on_data(void *owner, const char *data, size_t len)
{
    struct link *k = owner;

    if (k->closed)
        return;
    if (!k->call) {
        close_link(k); /* nobody asked */
        return;
    }
    k->answering = true;
    buffer_append(&k->in, data, len);
    while (k->call && pump_answer(k))
        continue;
}

static void
on_end(void *owner, enum stream_end why)
{
    struct link *k = owner;
    struct http_call *call = k->call;

    (void)why;
    timer_stop(&k->idle);
    list_remove(&k->node);
    k->closed = true;
    loop_defer_free(k->loop, k, link_free);
    if (!call)
        return;
    if (!k->answering && k->reused) {
        /* It died while it rested: nothing of the request was heard. */
        call->link = NULL;
        k->call = NULL;
        start_call(call);
        return;
    }
    if (k->answering && k->head_done && http_parser_finish(k->parser) == HTTP_PARSER_DONE) {
        answer_done(k, false);
        return;
    }
    call->link = NULL;
    k->call = NULL;
    fail_call(call, HTTP_CALL_BROKEN, "the connection ended before the answer");
}

static const struct stream_handlers link_events = {
    .on_data = on_data,
    .on_end = on_end,
};

static void
on_idle(void *owner)
{
    close_link(owner);
}

static void
send_request(struct link *k, struct http_call *call)
{
    k->call = call;
    call->link = k;
    k->answering = false;
    buffer_clear(&k->in);
    begin_answer(k);
    stream_send(k->stream, call->request);
}

static struct link *
new_link(struct http_call *call, struct stream *s)
{
    struct link *k = mem_zalloc(sizeof(*k));

    k->client = call->client;
    k->loop = call->client->loop;
    k->origin = call->origin;
    k->stream = s;
    k->parser = http_parser_new(true, HEADERS_MAX, on_body_piece, k);
    list_init(&k->node);
    timer_init(&k->idle, on_idle, k);
    stream_attach(s, &link_events, k);
    return k;
}

static void
on_connected(void *owner, struct stream *s, const char *error)
{
    struct http_call *call = owner;
    bool untrusted = error && str_starts(str_of(error), "certificate");

    call->connector = NULL;
    if (s)
        send_request(new_link(call, s), call);
    else
        fail_call(call, untrusted ? HTTP_CALL_UNTRUSTED : HTTP_CALL_UNREACHABLE, error);
}

static bool
same_origin(const struct http_origin *a, const struct http_origin *b)
{
    return a->tls == b->tls && a->port == b->port && strcmp(a->host, b->host) == 0;
}

static struct link *
take_idle(struct http_call *call)
{
    LIST_EACH(node, &call->client->idle)
    {
        struct link *k = LIST_ENTRY(node, struct link, node);

        if (!same_origin(&k->origin, &call->origin))
            continue;
        list_remove(&k->node);
        timer_stop(&k->idle);
        k->reused = true;
        return k;
    }
    return NULL;
}

static struct tls_context *
context_for(const struct http_call *call)
{
    if (!call->origin.tls)
        return NULL;
    return http_origin_is_loopback(&call->origin) ? call->client->tls_loopback : call->client->tls;
}

static void
connect_call(struct http_call *call)
{
    struct connector_target target = {
        .host = call->origin.host,
        .port = call->origin.port,
        .tls = context_for(call),
        /* The call's own limit ends it first. */
        .timeout_ms = 3600 * 1000,
    };

    call->connector = connector_open(call->client->loop, &target, on_connected, call);
}

static void
start_call(struct http_call *call)
{
    struct link *k = take_idle(call);

    if (k)
        send_request(k, call);
    else
        connect_call(call);
}

static struct bytes *
encode_request(const struct http_call_request *r)
{
    const struct http_origin *o = r->origin;
    bool bare = o->port == (o->tls ? 443u : 80u);
    bool brackets = strchr(o->host, ':') != NULL;
    struct buffer out = { 0 };
    struct bytes *encoded;

    buffer_printf(&out, "POST %s%.*s HTTP/1.1\r\nHost: %s%s%s", o->base, STR_ARG(r->path),
        brackets ? "[" : "", o->host, brackets ? "]" : "");
    if (!bare)
        buffer_printf(&out, ":%u", o->port);
    buffer_printf(&out, "\r\nConnection: keep-alive\r\nContent-Length: %zu\r\n", r->body.len);
    buffer_append_str(&out, r->headers);
    buffer_append_text(&out, "\r\n");
    buffer_append_str(&out, r->body);
    encoded = buffer_to_bytes(&out);
    buffer_fini(&out);
    return encoded;
}

struct http_call *
http_client_post(struct http_client *c, const struct http_call_request *r,
    void (*on_done)(void *owner, const struct http_answer *answer), void *owner)
{
    struct http_call *call = mem_zalloc(sizeof(*call));

    call->client = c;
    call->origin = *r->origin;
    call->request = encode_request(r);
    call->answer_limit = r->answer_limit;
    call->on_done = on_done;
    call->owner = owner;
    timer_init(&call->limit, on_limit, call);
    timer_start(c->loop, &call->limit, r->timeout_ms);
    list_append(&c->calls, &call->node);
    start_call(call);
    return call;
}

void
http_call_cancel(struct http_call *call)
{
    if (call->done)
        return;
    if (call->link)
        close_link(call->link);
    call->link = NULL;
    retire_call(call);
}

struct http_client *
http_client_open(
    struct loop *l, struct tls_context *tls, struct tls_context *tls_loopback, uint64_t idle_ms)
{
    struct http_client *c = mem_zalloc(sizeof(*c));

    c->loop = l;
    c->tls = tls ? tls_ref(tls) : NULL;
    c->tls_loopback = tls_loopback ? tls_ref(tls_loopback) : NULL;
    c->idle_ms = idle_ms;
    list_init(&c->calls);
    list_init(&c->idle);
    return c;
}

static void
client_free(void *object)
{
    struct http_client *c = object;

    tls_unref(c->tls);
    tls_unref(c->tls_loopback);
    free(c);
}

void
http_client_close(struct http_client *c)
{
    LIST_EACH(call, &c->calls)
    http_call_cancel(LIST_ENTRY(call, struct http_call, node));
    LIST_EACH(node, &c->idle)
    close_link(LIST_ENTRY(node, struct link, node));
    loop_defer_free(c->loop, c, client_free);
}
