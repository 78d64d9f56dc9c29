/* SPDX-License-Identifier: MIT */
/*
 * sio_fanout: one text to many sessions of a worker: the inner loop of every broadcast.  One
 * message is made for all, and nothing is allocated for a receiver.  The worker's thread only.
 */
#ifndef SOCKET_SIO_FANOUT_H
#define SOCKET_SIO_FANOUT_H

#include <stddef.h>

struct bytes;
struct eio_session;

/* text ("42[...]") to each session but except (NULL: none).  Returns how many. */
size_t sio_fanout_send(struct eio_session *const *sessions, size_t count, struct bytes *text,
    const struct eio_session *except);

#endif
