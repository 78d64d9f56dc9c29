/* SPDX-License-Identifier: MIT */
/*
 * eio_broadcast: one message to many sessions of a worker.  The worker's thread only.
 */
#ifndef ENGINE_EIO_BROADCAST_H
#define ENGINE_EIO_BROADCAST_H

#include <stddef.h>

struct eio_message;
struct eio_session;

/* eio_session_send() to each but except (NULL: none).  Returns to how many. */
size_t eio_broadcast(struct eio_session *const *sessions, size_t count, struct eio_message *m,
    const struct eio_session *except);

#endif
