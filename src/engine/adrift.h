/* SPDX-License-Identifier: MIT */
/*
 * adrift: the polling sessions that no connection serves at the moment, and which of them ends when
 * they become too many.
 *
 * All other sessions are bounded by the connections that they need.
 */
#ifndef ENGINE_ADRIFT_H
#define ENGINE_ADRIFT_H

#include <stdbool.h>

#include "base/list.h"

struct eio_session;

/* Embedded in the session's polling transport. */
struct adrift {
    struct list node; /* in the engine's list: adrift */
    struct eio_session *session;
};

void adrift_init(struct adrift *a, struct eio_session *s);
/* A request of the session arrived. */
void adrift_end(struct adrift *a);
/* At the end of a turn in which something happened; served: a request is open.  Past the limit
 * it ends the session that has been adrift the longest, which is another one. */
void adrift_settle(struct adrift *a, bool served);
/* The transport is closed. */
void adrift_fini(struct adrift *a);

#endif
