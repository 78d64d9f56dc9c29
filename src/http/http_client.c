/* SPDX-License-Identifier: MIT */
/*
 * http_client: what the calls of one loop share.
 */
#include "http/http_client.h"

#include <stdlib.h>

#include "base/mem.h"
#include "http_client_priv.h"
#include "http_link.h"
#include "net/connector.h"
#include "net/loop.h"

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
drop(void *object)
{
    struct http_client *c = object;

    connector_secure_unref(c->tls);
    connector_secure_unref(c->tls_loopback);
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
