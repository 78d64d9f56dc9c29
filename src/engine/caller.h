/* SPDX-License-Identifier: MIT */
/*
 * caller: who opened a session, kept from the handshake's head.
 */
#ifndef ENGINE_CALLER_H
#define ENGINE_CALLER_H

struct eio_session;
struct http_request;

/* Fills s->client and what describes it. */
void caller_keep(struct eio_session *s, const struct http_request *r);

#endif
