/* SPDX-License-Identifier: MIT */
/*
 * answer: the HTTP answers of Engine.IO that do not depend on a transport: errors in both forms,
 * preflights, and the headers that polling shares (docs/protocol.md).
 */
#ifndef ENGINE_ANSWER_H
#define ENGINE_ANSWER_H

#include <stdbool.h>

#include "base/str.h"

struct buffer;
struct eio_session;
struct engine;
struct http_exchange;
struct http_request;

/* The codes of the JSON bodies. */
enum answer_error {
    ANSWER_UNKNOWN_TRANSPORT,
    ANSWER_UNKNOWN_SID,
    ANSWER_BAD_METHOD,
    ANSWER_BAD_REQUEST,
    ANSWER_FORBIDDEN,
    ANSWER_BAD_VERSION,
    ANSWER_FINE,
};

/* {"code":1,"message":"Session ID unknown"}; to a WebSocket request the message as text, and the
 * connection closes.  version as in the query. */
void answer_error(struct http_exchange *x, enum answer_error error, unsigned version);
/* To an upgrade whose head is not a WebSocket client's; the connection closes. */
void answer_bad_websocket(struct http_exchange *x, bool version_valid);
/* 503, to a WebSocket request or any other; why is its body. */
void answer_unavailable(struct http_exchange *x, const char *why);

void answer_preflight(struct http_exchange *x, const struct eio_session *s);
/* No body, but the headers that let a page read the status. */
void answer_empty(struct http_exchange *x, unsigned status);

void answer_add_cors(struct buffer *head, const struct http_request *r);
/* Cookie, caching and what old browsers need; first: the handshake's answer. */
void answer_add_polling(
    struct buffer *head, const struct http_request *r, const struct eio_session *s, bool first);
/* The body, compressed where the client can take it and it is long enough; that adds a header to
 * e->head.  Valid until the next one. */
struct str answer_pack(struct engine *e, const struct http_request *r, struct str body);

#endif
