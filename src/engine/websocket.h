/* SPDX-License-Identifier: MIT */
/*
 * websocket: the WebSocket transport, a session's or the candidate of an upgrade, and its opening
 * handshake (RFC 6455 section 4) on the server's side.
 */
#ifndef ENGINE_WEBSOCKET_H
#define ENGINE_WEBSOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct eio_session;
struct eio_transport;
struct http_exchange;
struct http_request;
struct stream;

/* Whether the head may be answered with 101.  When not, the exchange is answered. */
MUST_USE bool websocket_check(struct http_exchange *x, const struct http_request *r);

struct websocket_accepted {
    struct stream *stream; /* the 101 is sent; to be attached to */
    bool deflate;          /* permessage-deflate was agreed */
    char *early;           /* bytes that came after the head; to be freed */
    size_t early_len;
};

/* Answer a head that passed the check.  r is gone afterwards, as x is. */
struct websocket_accepted websocket_accept(
    struct http_exchange *x, const struct http_request *r, bool allow_deflate);

/* Takes over s, on which the 101 was sent. */
struct eio_transport *websocket_new(struct eio_session *session, struct stream *s, bool deflate);
/* Bytes that arrived with the request's head. */
void websocket_receive(struct eio_transport *t, struct str input);

#endif
