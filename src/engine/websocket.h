/* SPDX-License-Identifier: MIT */
/*
 * websocket: the WebSocket transport: a session's, or a candidate of an upgrade.
 */
#ifndef ENGINE_WEBSOCKET_H
#define ENGINE_WEBSOCKET_H

#include <stdbool.h>

#include "base/str.h"
#include "transport.h"

struct bytes;
struct stream;

/* Takes over s, on which the 101 was sent. */
struct eio_transport *websocket_new(struct eio_session *session, struct stream *s, bool deflate);
/* Bytes that arrived with the request's head. */
void websocket_receive(struct eio_transport *t, struct str input);

/*
 * Queue a frame.  False, and it is not queued: the peer is slow, since more than limit_bytes would
 * wait even after the kernel took what it takes.  One frame alone is never too long.
 */
MUST_USE bool websocket_queue(struct stream *s, struct bytes *frame, size_t limit_bytes);

/* Send a close frame without a code, then close: for a connection that nobody listens to. */
void websocket_dismiss(struct stream *s);
/* Send what is queued, then close; nobody listens any more. */
void websocket_part(struct stream *s);

#endif
