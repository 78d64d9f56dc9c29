/* SPDX-License-Identifier: MIT */
/*
 * http_client: requests to the application (RFC 9110, 9112), over kept-alive connections, a pool
 * for each origin.  An answer is read to its end whether it has a length, is chunked, or ends with
 * the connection.  Belongs to one loop.  It has no queue and no cap: the caller decides how many
 * requests are in flight.
 */
#ifndef HTTP_HTTP_CLIENT_H
#define HTTP_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "http/http_origin.h"

struct connector_secure;
struct http_call;
struct http_client;
struct loop;

/* tls is used for https origins (a reference is taken), tls_loopback for those that
 * http_origin_is_loopback(); idle connections close after idle_ms. */
struct http_client *http_client_open(struct loop *l, struct connector_secure *tls,
    struct connector_secure *tls_loopback, uint64_t idle_ms);
/* For connections made from now on; idle ones close, and those in use after their answer. */
void http_client_set_tls(
    struct http_client *c, struct connector_secure *tls, struct connector_secure *tls_loopback);
/* Idle connections close; calls under way end without on_done. */
void http_client_close(struct http_client *c);

struct http_call_request {
    const struct http_origin *origin; /* copied */
    struct str path;                  /* appended to the origin's base; begins with '/' */
    struct str headers;               /* lines "Name: value\r\n"; no Host, Connection, length */
    struct str body;                  /* POST; copied */
    size_t answer_limit;              /* bytes of the body kept; more fails the call */
    uint64_t timeout_ms;              /* from now to the answer's last byte */
};

enum http_call_result {
    HTTP_CALL_ANSWERED,
    HTTP_CALL_UNREACHABLE, /* no connection: resolving, connecting, TLS */
    HTTP_CALL_UNTRUSTED,   /* the certificate was not accepted */
    HTTP_CALL_BROKEN,      /* the connection ended, or was not HTTP, before the answer's end */
    HTTP_CALL_TIMEOUT,
};

struct http_answer {
    enum http_call_result result;
    unsigned status;   /* ANSWERED */
    struct str body;   /* ANSWERED; borrowed */
    const char *error; /* else: one sentence */
};

/*
 * POST; on_done is called once, in a later turn.  When a kept-alive connection dies before the
 * first byte of the answer, the request is repeated once on a new one.  Redirects are answers.
 */
struct http_call *http_client_post(struct http_client *c, const struct http_call_request *r,
    void (*on_done)(void *owner, const struct http_answer *answer), void *owner);
/* on_done will not be called; the connection closes. */
void http_client_cancel(struct http_call *call);
/*
 * The answer is not needed any more, but the application may be at work on it.  False when the
 * request has not left: that is http_client_cancel().  Else on_done comes as usual, the connection
 * may serve again after the answer, and the request is not repeated.
 */
MUST_USE bool http_client_abandon(struct http_call *call);

#endif
