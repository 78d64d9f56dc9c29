/* SPDX-License-Identifier: MIT */
/*
 * websocket: the WebSocket transport: a session's, or a candidate of an upgrade.
 */
#ifndef ENGINE_WEBSOCKET_H
#define ENGINE_WEBSOCKET_H

#include <stdbool.h>

#include "base/str.h"
#include "transport.h"

struct stream;

/* Takes over s, on which the 101 was sent. */
struct eio_transport *websocket_new(struct eio_session *session, struct stream *s, bool deflate);
/* Bytes that arrived with the request's head. */
void websocket_receive(struct eio_transport *t, struct str input);

/* Send a close frame without a code, then close: for a connection that nobody listens to. */
void websocket_dismiss(struct stream *s);
/* Send what is queued, then close; nobody listens any more. */
void websocket_part(struct stream *s);

#endif
