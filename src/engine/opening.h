/* SPDX-License-Identifier: MIT */
/*
 * opening: how a session begins: its id, who its client is, the open packet.
 *
 * An id is unguessable, and names the worker that owns the session, because a request may reach
 * any.
 */
#ifndef ENGINE_OPENING_H
#define ENGINE_OPENING_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"
#include "engine/eio_session.h"
#include "wire/eio_packet.h"

struct eio_transport;
struct engine;
struct http_request;

/* worker < 256. */
void opening_make_sid(unsigned worker, char out[EIO_SESSION_SID_LEN]);
/* False: not of this form, so nobody's. */
MUST_USE bool opening_sid_worker(struct str sid, unsigned *worker);

/* A session with an id but without a transport; in the map. */
struct eio_session *opening_session(
    struct engine *e, enum eio_version v, const struct http_request *r);
/* It begins on t: the open packet goes out. */
void opening_begin(struct eio_session *s, struct eio_transport *t);
/* Tell the layer above, which may close it. */
void opening_announce(struct eio_session *s);

#endif
