/* SPDX-License-Identifier: MIT */
/*
 * errand: taken, asked, answered; or given up by the client at any point.
 */
#include "errand.h"

#include <stdlib.h>

#include "api_priv.h"
#include "http/http_conn.h"
#include "hub/hub_link.h"
#include "reply.h"

static void
errand_free(struct errand *e)
{
    list_remove(&e->node);
    free(e);
}

void
errand_answer(struct errand *e, unsigned status, struct str body)
{
    struct http_exchange *x = e->exchange;
    struct api *a = e->api;

    errand_free(e);
    reply_json(a, x, status, body);
}

void
errand_refuse(struct errand *e, unsigned status, const char *text)
{
    struct http_exchange *x = e->exchange;
    struct api *a = e->api;

    errand_free(e);
    reply_refuse(a, x, status, text);
}

static void
errand_on_body(void *owner, struct http_exchange *x, struct str body)
{
    struct errand *e = owner;

    (void)x;
    e->on_body(e, body);
}

static void
errand_on_abort(void *owner, struct http_exchange *x, enum http_abort why)
{
    struct errand *e = owner;
    struct api *a = e->api;

    if (e->token)
        hub_link_forget(a->hub, e->token);
    errand_free(e);
    if (why == HTTP_ABORT_TOO_LARGE)
        reply_refuse(a, x, 413, "Request body is too large");
}

void
errand_begin(struct errand *e, struct api *a, struct http_exchange *x, size_t body_limit,
    void (*on_whole_body)(struct errand *e, struct str body))
{
    static const struct http_exchange_handlers handlers = {
        .on_body = errand_on_body,
        .on_abort = errand_on_abort,
    };

    e->api = a;
    e->exchange = x;
    e->token = 0;
    e->on_body = on_whole_body;
    list_append(&a->errands, &e->node);
    http_exchange_take(x, body_limit, &handlers, e);
}
