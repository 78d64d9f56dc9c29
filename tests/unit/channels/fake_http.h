/* SPDX-License-Identifier: MIT */
/*
 * fake_http: http_client as a test drives it: calls wait until the test answers them.  Included by
 * one test file each; it defines the layer's functions, and those of net's TLS.
 */
#ifndef TEST_CHANNELS_FAKE_HTTP_H
#define TEST_CHANNELS_FAKE_HTTP_H

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/list.h"
#include "base/mem.h"
#include "http/http_client.h"
#include "net/connector.h"
#include "tls/tls_client.h"

struct http_call {
    struct list node;
    struct http_origin origin;
    struct buffer path, headers, body;
    uint64_t timeout_ms;
    bool connecting, abandoned;
    void (*on_done)(void *owner, const struct http_answer *answer);
    void *owner;
};

static struct list fake_calls = { &fake_calls, &fake_calls };
static unsigned fake_posts, fake_cancels, fake_tls_verified, fake_tls_blind;

static inline unsigned
fake_calls_open(void)
{
    unsigned n = 0;

    for (struct list *l = fake_calls.next; l != &fake_calls; l = l->next)
        n++;
    return n;
}

static inline struct http_call *
fake_call(unsigned n)
{
    struct list *l = fake_calls.next;

    while (n-- > 0)
        l = l->next;
    return LIST_ENTRY(l, struct http_call, node);
}

static inline void
fake_call_free(struct http_call *c)
{
    list_remove(&c->node);
    buffer_fini(&c->path);
    buffer_fini(&c->headers);
    buffer_fini(&c->body);
    free(c);
}

static inline void
fake_answer(struct http_call *c, const struct http_answer *answer)
{
    void (*on_done)(void *owner, const struct http_answer *a) = c->on_done;
    void *owner = c->owner;

    fake_call_free(c);
    on_done(owner, answer);
}

static inline void
fake_answer_status(struct http_call *c, unsigned status)
{
    fake_answer(c, &(struct http_answer){ .status = status, .body = STR_LIT("body") });
}

static inline void
fake_answer_failure(struct http_call *c, enum http_call_result result)
{
    fake_answer(c, &(struct http_answer){ .result = result, .error = "the reason" });
}

struct http_client *
http_client_open(struct loop *l, struct connector_secure *tls,
    struct connector_secure *tls_loopback, uint64_t idle_ms)
{
    (void)l;
    (void)tls;
    (void)tls_loopback;
    (void)idle_ms;
    return (struct http_client *)&fake_calls;
}

void
http_client_set_tls(
    struct http_client *c, struct connector_secure *tls, struct connector_secure *tls_loopback)
{
    (void)c;
    (void)tls;
    (void)tls_loopback;
}

void
http_client_close(struct http_client *c)
{
    (void)c;
}

struct http_call *
http_client_post(struct http_client *client, const struct http_call_request *r,
    void (*on_done)(void *owner, const struct http_answer *answer), void *owner)
{
    struct http_call *c = mem_zalloc(sizeof(*c));

    (void)client;
    c->origin = *r->origin;
    buffer_append_str(&c->path, r->path);
    buffer_append_str(&c->headers, r->headers);
    buffer_append_str(&c->body, r->body);
    c->timeout_ms = r->timeout_ms;
    c->on_done = on_done;
    c->owner = owner;
    list_append(&fake_calls, &c->node);
    fake_posts++;
    return c;
}

void
http_client_cancel(struct http_call *c)
{
    fake_call_free(c);
    fake_cancels++;
}

bool
http_client_abandon(struct http_call *c)
{
    if (c->connecting) {
        http_client_cancel(c);
        return false;
    }
    c->abandoned = true;
    return true;
}

/* Enough of a parser: scheme://host[:port][/base]. */
bool
http_origin_parse(struct str url, struct http_origin *out)
{
    struct str rest, port;
    uint64_t number;

    memset(out, 0, sizeof(*out));
    out->tls = str_starts(url, "https://");
    if (!out->tls && !str_starts(url, "http://"))
        return false;
    url = str_slice(url.data + 7 + out->tls, url.len - 7 - out->tls);
    url = str_cut(url, '/', &rest);
    url = str_cut(url, ':', &port);
    memcpy(out->host, url.data, url.len);
    out->port = out->tls ? 443 : 80;
    if (str_to_u64(port, 65535, &number))
        out->port = (unsigned)number;
    return url.len > 0;
}

bool
http_origin_is_loopback(const struct http_origin *o)
{
    return strcmp(o->host, "localhost") == 0;
}

struct connector_secure *
tls_client_new(bool verify, const char *ca_path, struct buffer *error)
{
    if (ca_path) {
        buffer_printf(error, "authCaPath: %s", ca_path);
        return NULL;
    }
    if (verify)
        fake_tls_verified++;
    else
        fake_tls_blind++;
    return (struct connector_secure *)&fake_calls;
}

void
connector_secure_unref(struct connector_secure *c)
{
    (void)c;
}

#endif
