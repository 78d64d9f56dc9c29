/* SPDX-License-Identifier: MIT */
/*
 * http_call: one request, from the choice of a connection to the answer.
 */
#include "http_client_priv.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "http_link.h"
#include "net/connector.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"

enum { ERROR_SIZE = 512, CONNECT_GRACE_MS = 1000 };

/* In its client's list until it ends; one of connector and link is set, or hopeless is pending. */
struct http_call {
    struct list node;
    struct http_client *client; /* NULL: over, freed at the end of the turn */
    struct http_origin origin;
    struct bytes *request;
    size_t answer_limit;
    uint64_t timeout_ms;
    struct timer limit;
    unsigned tls_changes; /* the client's at the beginning: another closes the connection */
    struct connector *connector;
    struct http_link *link;
    bool reused; /* the link served others before: if it is dead, the request is repeated */
    struct loop_task hopeless; /* there is nothing to wait for */
    void (*on_done)(void *owner, const struct http_answer *answer);
    void *owner;
};

static void connect_anew(struct http_call *call);

static void
drop(void *object)
{
    struct http_call *call = object;

    bytes_unref(call->request);
    free(call);
}

/* Nothing is pending any more. */
static void
wind_up(struct http_call *call)
{
    timer_stop(&call->limit);
    loop_task_cancel(&call->hopeless);
    connector_cancel(call->connector);
    if (call->link)
        http_link_close(call->link);
    call->connector = NULL;
    call->link = NULL;
    list_remove(&call->node);
    loop_defer_free(call->client->loop, call, drop);
    call->client = NULL;
}

static void
fail(struct http_call *call, enum http_call_result result, const char *why)
{
    char error[ERROR_SIZE];
    struct http_answer answer = { .result = result, .error = error };

    snprintf(error, sizeof(error), "%s:%u: %s", call->origin.host, call->origin.port, why);
    wind_up(call);
    call->on_done(call->owner, &answer);
}

static void
on_limit(void *owner)
{
    struct http_call *call = owner;
    char why[ERROR_SIZE];

    snprintf(why, sizeof(why), "no %s within %llu ms", call->link ? "answer" : "connection",
        (unsigned long long)call->timeout_ms);
    fail(call, HTTP_CALL_TIMEOUT, why);
}

static void
on_hopeless(void *owner)
{
    fail(owner, HTTP_CALL_UNREACHABLE, "there is no TLS context for it");
}

static void
on_answer(void *owner, unsigned status, struct str body)
{
    struct http_call *call = owner;
    struct http_answer answer = {
        .result = HTTP_CALL_ANSWERED,
        .status = status,
        .body = body,
    };

    if (call->tls_changes == call->client->tls_changes) {
        http_link_rest(call->link, &call->client->idle, call->client->idle_ms);
        call->link = NULL;
    }
    wind_up(call);
    call->on_done(call->owner, &answer);
}

/* The peer may have closed a kept-alive connection just before it saw the request. */
static void
on_lost(void *owner, const char *why, bool early)
{
    struct http_call *call = owner;

    call->link = NULL;
    if (early && call->reused)
        connect_anew(call);
    else
        fail(call, HTTP_CALL_BROKEN, why);
}

static void
ask(struct http_call *call, struct http_link *link)
{
    static const struct http_link_handlers handlers = { on_answer, on_lost };

    call->link = link;
    http_link_ask(link, call->request, call->answer_limit, &handlers, call);
}

static void
on_connected(void *owner, struct stream *s, const char *error)
{
    struct http_call *call = owner;
    bool untrusted = error && str_starts(str_of(error), "certificate");

    call->connector = NULL;
    if (s)
        ask(call, http_link_new(s, &call->origin));
    else
        fail(call, untrusted ? HTTP_CALL_UNTRUSTED : HTTP_CALL_UNREACHABLE, error);
}

static struct connector_secure *
choose_tls(const struct http_call *call)
{
    return http_origin_is_loopback(&call->origin) ? call->client->tls_loopback : call->client->tls;
}

/* The call's own limit is the one that counts, so that all it says is one thing. */
static void
connect_anew(struct http_call *call)
{
    struct connector_target target = {
        .host = call->origin.host,
        .port = call->origin.port,
        .secure = call->origin.tls ? choose_tls(call) : NULL,
        .timeout_ms = (unsigned)call->timeout_ms + CONNECT_GRACE_MS,
    };

    call->reused = false;
    if (call->origin.tls && !target.secure)
        loop_end_of_turn(call->client->loop, &call->hopeless);
    else
        call->connector = connector_open(call->client->loop, &target, on_connected, call);
}

static void
append_host(const struct http_origin *o, struct buffer *out)
{
    bool brackets = strchr(o->host, ':') != NULL;

    buffer_printf(out, brackets ? "[%s]" : "%s", o->host);
    if (o->port != (o->tls ? 443 : 80))
        buffer_printf(out, ":%u", o->port);
}

static struct bytes *
encode(const struct http_call_request *r)
{
    struct buffer out = { 0 };
    struct bytes *request;

    buffer_append_text(&out, "POST ");
    buffer_append_text(&out, r->origin->base);
    buffer_append_str(&out, r->path);
    buffer_append_text(&out, " HTTP/1.1\r\nHost: ");
    append_host(r->origin, &out);
    buffer_append_text(&out, "\r\nConnection: keep-alive\r\n");
    buffer_append_str(&out, r->headers);
    buffer_append_text(&out, "Content-Length: ");
    buffer_append_u64(&out, r->body.len);
    buffer_append_text(&out, "\r\n\r\n");
    buffer_append_str(&out, r->body);
    request = buffer_to_bytes(&out);
    buffer_fini(&out);
    return request;
}

struct http_call *
http_call_open(struct http_client *c, const struct http_call_request *r,
    void (*on_done)(void *owner, const struct http_answer *answer), void *owner)
{
    struct http_call *call = mem_zalloc(sizeof(*call));
    struct http_link *link = http_link_take(&c->idle, r->origin);

    call->client = c;
    call->tls_changes = c->tls_changes;
    call->origin = *r->origin;
    call->request = encode(r);
    call->answer_limit = r->answer_limit;
    call->timeout_ms = r->timeout_ms;
    call->on_done = on_done;
    call->owner = owner;
    loop_task_init(&call->hopeless, on_hopeless, call);
    timer_init(&call->limit, on_limit, call);
    timer_start(c->loop, &call->limit, r->timeout_ms);
    list_append(&c->calls, &call->node);
    if (link) {
        call->reused = true;
        ask(call, link);
    } else {
        connect_anew(call);
    }
    return call;
}

void
http_call_cancel(struct http_call *call)
{
    if (call && call->client)
        wind_up(call);
}

bool
http_call_abandon(struct http_call *call)
{
    if (!call->link) {
        http_call_cancel(call);
        return false;
    }
    call->reused = false; /* so that it is not repeated */
    return true;
}

void
http_call_cancel_all(struct list *calls)
{
    while (!list_empty(calls))
        wind_up(LIST_ENTRY(calls->next, struct http_call, node));
}
