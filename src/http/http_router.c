/* SPDX-License-Identifier: MIT */
/*
 * http_router: a list of services, asked in order.
 */
#include "http/http_router.h"

#include "base/ensure.h"

void
http_router_add(struct http_router *r, http_service *offer, void *owner)
{
    ENSURE(r->count < HTTP_ROUTER_MAX);
    r->services[r->count].offer = offer;
    r->services[r->count].owner = owner;
    r->count++;
}

void
http_router_dispatch(
    const struct http_router *router, struct http_exchange *x, const struct http_request *r)
{
    for (unsigned i = 0; i < router->count; i++) {
        if (router->services[i].offer(router->services[i].owner, x, r))
            return;
    }
    if (r->upgrade)
        http_exchange_destroy(x);
    else
        http_exchange_reply_text(x, 404, "text/plain; charset=utf-8", "Not Found");
}
