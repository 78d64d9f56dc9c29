/* SPDX-License-Identifier: MIT */
/*
 * sid: session ids: unguessable, and naming the worker that owns the session, because a request
 * may reach any.  Pure, but for the random source.
 */
#ifndef ENGINE_SID_H
#define ENGINE_SID_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"
#include "engine/eio_session.h"

/* worker < 256. */
void sid_make(unsigned worker, char out[EIO_SESSION_SID_LEN]);
/* False: not of this form, so nobody's. */
MUST_USE bool sid_worker(struct str sid, unsigned *worker);

#endif
