/* SPDX-License-Identifier: MIT */
/*
 * http_client: the pool of connections, and the calls under way.
 *
 *   http_client_post -> call -> a link of the pool ----------------> request out, answer in
 *                         `---> connector -> a new link -------------^
 */
#include "http/http_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/mem.h"
#include "http_link.h"
#include "net/connector.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"

enum { ERROR_SIZE = 512, CONNECT_GRACE_MS = 1000 };

struct http_client {
    struct loop *loop;
    struct connector_secure *tls, *tls_loopback;
    unsigned tls_changes;
    uint64_t idle_ms;
    struct list calls;
    struct list idle; /* links without a request, the one used last first */
};

/* In its client's list until it ends; until then exactly one of connector, link and hopeless is
 * pending. */
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

static void call_connect(struct http_call *call);

static void
call_free(void *object)
{
    struct http_call *call = object;

    bytes_unref(call->request);
    free(call);
}

/* Nothing is pending any more. */
static void
call_end(struct http_call *call)
{
    ENSURE(call->client && !(call->connector && call->link));
    timer_stop(&call->limit);
    loop_task_cancel(&call->hopeless);
    connector_cancel(call->connector);
    if (call->link)
        http_link_close(call->link);
    call->connector = NULL;
    call->link = NULL;
    list_remove(&call->node);
    loop_defer_free(call->client->loop, call, call_free);
    call->client = NULL;
}

static void
call_fail(struct http_call *call, enum http_call_result result, const char *why)
{
    char error[ERROR_SIZE];
    struct http_answer answer = { .result = result, .error = error };

    snprintf(error, sizeof(error), "%s:%u: %s", call->origin.host, call->origin.port, why);
    call_end(call);
    call->on_done(call->owner, &answer);
}

static void
call_on_limit(void *owner)
{
    struct http_call *call = owner;
    char why[ERROR_SIZE];

    snprintf(why, sizeof(why), "no %s within %llu ms", call->link ? "answer" : "connection",
        (unsigned long long)call->timeout_ms);
    call_fail(call, HTTP_CALL_TIMEOUT, why);
}

static void
call_on_hopeless(void *owner)
{
    call_fail(owner, HTTP_CALL_UNREACHABLE, "there is no TLS context for it");
}

static void
call_on_answer(void *owner, unsigned status, struct str body)
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
    call_end(call);
    call->on_done(call->owner, &answer);
}

/* The peer may have closed a kept-alive connection just before it saw the request. */
static void
call_on_lost(void *owner, const char *why, bool early)
{
    struct http_call *call = owner;

    call->link = NULL;
    if (early && call->reused)
        call_connect(call);
    else
        call_fail(call, HTTP_CALL_BROKEN, why);
}

static void
call_ask(struct http_call *call, struct http_link *link)
{
    static const struct http_link_handlers handlers = { call_on_answer, call_on_lost };

    ENSURE(!call->link && !call->connector);
    call->link = link;
    http_link_ask(link, call->request, call->answer_limit, &handlers, call);
}

static void
call_on_connected(void *owner, struct stream *s, const char *error)
{
    struct http_call *call = owner;
    bool untrusted = error && str_starts(str_of(error), "certificate");

    call->connector = NULL;
    if (s)
        call_ask(call, http_link_new(s, &call->origin));
    else
        call_fail(call, untrusted ? HTTP_CALL_UNTRUSTED : HTTP_CALL_UNREACHABLE, error);
}

/* The connector's limit is longer, so the call's own is the one that ends it, with its own text. */
static void
call_connect(struct http_call *call)
{
    struct http_client *c = call->client;
    bool loopback = http_origin_is_loopback(&call->origin);
    struct connector_target target = {
        .host = call->origin.host,
        .port = call->origin.port,
        .timeout_ms = (unsigned)call->timeout_ms + CONNECT_GRACE_MS,
    };

    ENSURE(!call->link && !call->connector);
    if (call->origin.tls)
        target.secure = loopback ? c->tls_loopback : c->tls;
    call->reused = false;
    if (call->origin.tls && !target.secure)
        loop_end_of_turn(c->loop, &call->hopeless);
    else
        call->connector = connector_open(c->loop, &target, call_on_connected, call);
}

static struct bytes *
call_encode(const struct http_call_request *r)
{
    const struct http_origin *o = r->origin;
    struct buffer out = { 0 };
    struct bytes *request;

    buffer_printf(&out, "POST %s%.*s HTTP/1.1\r\n", o->base, STR_ARG(r->path));
    buffer_printf(&out, strchr(o->host, ':') ? "Host: [%s]" : "Host: %s", o->host);
    if (o->port != (o->tls ? 443 : 80))
        buffer_printf(&out, ":%u", o->port);
    buffer_append_text(&out, "\r\nConnection: keep-alive\r\n");
    buffer_append_str(&out, r->headers);
    buffer_printf(&out, "Content-Length: %zu\r\n\r\n", r->body.len);
    buffer_append_str(&out, r->body);
    request = buffer_to_bytes(&out);
    buffer_fini(&out);
    return request;
}

struct http_call *
http_client_post(struct http_client *c, const struct http_call_request *r,
    void (*on_done)(void *owner, const struct http_answer *answer), void *owner)
{
    struct http_call *call = mem_zalloc(sizeof(*call));
    struct http_link *link = http_link_take(&c->idle, r->origin);

    call->client = c;
    call->tls_changes = c->tls_changes;
    call->origin = *r->origin;
    call->request = call_encode(r);
    call->answer_limit = r->answer_limit;
    call->timeout_ms = r->timeout_ms;
    call->on_done = on_done;
    call->owner = owner;
    loop_task_init(&call->hopeless, call_on_hopeless, call);
    timer_init(&call->limit, call_on_limit, call);
    timer_start(c->loop, &call->limit, r->timeout_ms);
    list_append(&c->calls, &call->node);
    call->reused = link != NULL;
    if (link)
        call_ask(call, link);
    else
        call_connect(call);
    return call;
}

void
http_client_cancel(struct http_call *call)
{
    if (call && call->client)
        call_end(call);
}

bool
http_client_abandon(struct http_call *call)
{
    if (!call->link) {
        http_client_cancel(call);
        return false;
    }
    call->reused = false; /* so that it is not repeated */
    return true;
}

/* ---- the pool ---- */

struct http_client *
http_client_open(struct loop *l, struct connector_secure *tls,
    struct connector_secure *tls_loopback, uint64_t idle_ms)
{
    struct http_client *c = mem_zalloc(sizeof(*c));

    c->loop = l;
    c->tls = connector_secure_ref(tls);
    c->tls_loopback = connector_secure_ref(tls_loopback);
    c->idle_ms = idle_ms;
    list_init(&c->calls);
    list_init(&c->idle);
    return c;
}

void
http_client_set_tls(
    struct http_client *c, struct connector_secure *tls, struct connector_secure *tls_loopback)
{
    struct connector_secure *old = c->tls, *old_loopback = c->tls_loopback;

    c->tls = connector_secure_ref(tls);
    c->tls_loopback = connector_secure_ref(tls_loopback);
    connector_secure_unref(old);
    connector_secure_unref(old_loopback);
    c->tls_changes++;
    http_link_close_all(&c->idle);
}

static void
pool_free(void *object)
{
    struct http_client *c = object;

    ENSURE(list_empty(&c->calls) && list_empty(&c->idle));
    connector_secure_unref(c->tls);
    connector_secure_unref(c->tls_loopback);
    free(c);
}

void
http_client_close(struct http_client *c)
{
    if (!c)
        return;
    while (!list_empty(&c->calls))
        call_end(LIST_ENTRY(c->calls.next, struct http_call, node));
    http_link_close_all(&c->idle);
    loop_defer_free(c->loop, c, pool_free);
}
