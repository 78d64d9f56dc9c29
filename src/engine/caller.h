/* SPDX-License-Identifier: MIT */
/*
 * caller: who opened a session, kept from the handshake's head.
 */
#ifndef ENGINE_CALLER_H
#define ENGINE_CALLER_H

struct eio_session;
struct engine;
struct http_request;

/* A session, zero but for client and what describes it. */
struct eio_session *caller_session(const struct engine *e, const struct http_request *r);

#endif
