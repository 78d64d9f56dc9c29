/* SPDX-License-Identifier: MIT */
/*
 * polling: the transport of held GETs and POSTs, by XHR or JSONP (Engine.IO 3 only).
 */
#ifndef ENGINE_POLLING_H
#define ENGINE_POLLING_H

#include "base/str.h"

struct eio_session;
struct eio_transport;
struct http_exchange;

/* jsonp: the digits of the handshake's `j`; data NULL: XHR. */
struct eio_transport *polling_new(struct eio_session *s, struct str jsonp);
/* A request of the session; x is taken or answered. */
void polling_request(struct eio_transport *t, struct http_exchange *x);

#endif
