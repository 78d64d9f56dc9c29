/* SPDX-License-Identifier: MIT */
/*
 * http_client: what the calls of one loop share.
 */
#include "http/http_client.h"

#include <stdlib.h>

#include "base/mem.h"
#include "http_client_priv.h"
#include "http_link.h"
#include "net/loop.h"
#include "net/tls.h"

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

void
http_client_set_tls(
    struct http_client *c, struct tls_context *tls, struct tls_context *tls_loopback)
{
    struct tls_context *old = c->tls, *old_loopback = c->tls_loopback;

    c->tls = tls ? tls_ref(tls) : NULL;
    c->tls_loopback = tls_loopback ? tls_ref(tls_loopback) : NULL;
    tls_unref(old);
    tls_unref(old_loopback);
    c->tls_changes++;
    http_link_close_all(&c->idle);
}

static void
drop(void *object)
{
    struct http_client *c = object;

    tls_unref(c->tls);
    tls_unref(c->tls_loopback);
    free(c);
}

void
http_client_close(struct http_client *c)
{
    if (!c)
        return;
    http_call_cancel_all(&c->calls);
    http_link_close_all(&c->idle);
    loop_defer_free(c->loop, c, drop);
}

struct http_call *
http_client_post(struct http_client *c, const struct http_call_request *r,
    void (*on_done)(void *owner, const struct http_answer *answer), void *owner)
{
    return http_call_open(c, r, on_done, owner);
}
