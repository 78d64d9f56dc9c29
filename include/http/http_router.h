/* SPDX-License-Identifier: MIT */
/*
 * http_router: the services of a port, asked in the order in which they were added; the first that
 * accepts a request has it.  If none does: 404, or for an upgrade a closed connection.
 */
#ifndef HTTP_HTTP_ROUTER_H
#define HTTP_HTTP_ROUTER_H

#include <stdbool.h>

#include "http/http_conn.h"

enum { HTTP_ROUTER_MAX = 16 };

/* True: the request was this service's and x was taken, answered, upgraded or detached. */
typedef bool http_service(void *owner, struct http_exchange *x, const struct http_request *r);

/* All zero is an empty router. */
struct http_router {
    struct {
        http_service *offer;
        void *owner;
    } services[HTTP_ROUTER_MAX];
    unsigned count;
};

void http_router_add(struct http_router *r, http_service *offer, void *owner);
void http_router_dispatch(
    const struct http_router *router, struct http_exchange *x, const struct http_request *r);

#endif
