/* SPDX-License-Identifier: MIT */
/*
 * sio_socket: a client in the namespace "/" of Socket.IO 2 (codec 4, on Engine.IO 3) or 3 and 4
 * (codec 5, on Engine.IO 4): connect, events, acks, disconnect.
 *
 * It decodes and checks; what an event means is the owner's business.  It knows nothing of
 * channels.  The worker's thread only.
 */
#ifndef SOCKET_SIO_SOCKET_H
#define SOCKET_SIO_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct eio_session;
struct sio_socket;

struct sio_event {
    struct str name;     /* raw JSON string, with quotes */
    struct str argument; /* the first argument, raw JSON; len 0: none */
    int64_t ack;         /* SIO_NO_ACK (wire/sio_packet.h), or the id to answer */
};

void sio_socket_attach(struct sio_socket *s, void *owner);
struct str sio_socket_id(const struct sio_socket *s);
/*
 * What others may know it by, and sio_server_find() from then on: on Engine.IO 3, where the id is
 * the key of the session, one derived from it that does not lead back; else the id.
 */
struct str sio_socket_public_id(struct sio_socket *s);
/*
 * What the log calls it: the public id; on Engine.IO 3 with the first characters of the id, by
 * which the page's Echo.socketId() is found, but nobody's session is taken over.  Returns out.
 */
enum { SIO_SOCKET_LOG_SIZE = 32 };
const char *sio_socket_log_id(struct sio_socket *s, char out[SIO_SOCKET_LOG_SIZE]);
/* NULL once the session has closed: only in and after on_disconnect. */
struct eio_session *sio_socket_session(const struct sio_socket *s);

/* 42["name","channel",data]; name and channel plain text, data raw JSON, len 0 leaves it out. */
void sio_socket_emit(struct sio_socket *s, struct str name, struct str channel, struct str data);
/* 43<id>[args]; args raw JSON. */
void sio_socket_ack(struct sio_socket *s, int64_t id, struct str args);

#endif
