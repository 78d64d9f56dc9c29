/* SPDX-License-Identifier: MIT */
/*
 * handshake: what a request under the engine's path asks for, whether it may have it, and where it
 * goes; how a session begins.
 *
 * A session's id is unguessable, and names the worker that owns the session, because a request may
 * reach any.
 */
#ifndef ENGINE_HANDSHAKE_H
#define ENGINE_HANDSHAKE_H

#include "base/attr.h"
#include "base/str.h"
#include "engine/eio_session.h"

struct engine;
struct http_exchange;
struct http_request;

/* x is answered, taken, upgraded or detached. */
void handshake_request(struct engine *e, struct http_exchange *x, const struct http_request *r);

/* worker < 256. */
void handshake_make_sid(unsigned worker, char out[EIO_SESSION_SID_LEN]);
/* False: not of this form, so no worker's. */
MUST_USE bool handshake_sid_worker(struct str sid, unsigned *worker);

#endif
