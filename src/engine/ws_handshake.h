/* SPDX-License-Identifier: MIT */
/*
 * ws_handshake: the opening handshake of RFC 6455 on the server's side.
 */
#ifndef ENGINE_WS_HANDSHAKE_H
#define ENGINE_WS_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct http_exchange;
struct http_request;
struct stream;

/* Whether the head may be answered with 101.  When not, the exchange is answered. */
MUST_USE bool ws_handshake_check(struct http_exchange *x, const struct http_request *r);

struct ws_accepted {
    struct stream *stream; /* the 101 is sent; to be attached to */
    bool deflate;          /* permessage-deflate was agreed */
    char *early;           /* bytes that came behind the head; to be freed */
    size_t early_len;
};

/* Answer a head that passed the check.  r is gone afterwards, as x is. */
struct ws_accepted ws_handshake_accept(
    struct http_exchange *x, const struct http_request *r, bool allow_deflate);

#endif
