/* SPDX-License-Identifier: MIT */
/*
 * http_client, for the files of http: the pool, and the calls under way.
 *
 *   http_client_post -> call -> a link of the pool ----------------> request out, answer in
 *                         `---> connector -> a new link -------------^
 */
#ifndef HTTP_HTTP_CLIENT_PRIV_H
#define HTTP_HTTP_CLIENT_PRIV_H

#include "base/list.h"
#include "http/http_client.h"

struct http_client {
    struct loop *loop;
    struct connector_secure *tls, *tls_loopback;
    unsigned tls_changes;
    uint64_t idle_ms;
    struct list calls;
    struct list idle; /* links without a request, the one used last first */
};

struct http_call *http_call_open(struct http_client *c, const struct http_call_request *r,
    void (*on_done)(void *owner, const struct http_answer *answer), void *owner);
void http_call_cancel_all(struct list *calls);

#endif
