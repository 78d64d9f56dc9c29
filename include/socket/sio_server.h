/* SPDX-License-Identifier: MIT */
/*
 * sio_server: the sockets of one worker: it makes a sio_socket of each Engine.IO session, finds
 * them by id, and passes their events to the layer above.  The worker's thread only.
 */
#ifndef SOCKET_SIO_SERVER_H
#define SOCKET_SIO_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "net/allowance.h"
#include "socket/sio_socket.h"

struct engine;
struct loop;
struct sio_server;

struct sio_limits {
    uint64_t connect_timeout_ms;        /* 3 and 4: from the handshake to a connect */
    struct allowance_rate message_rate; /* a socket; past it the session ends */
};

struct sio_handlers {
    /* In the namespace; attach an owner (sio_socket_attach). */
    void (*on_connect)(void *owner, struct sio_socket *s);
    /* Borrowed. */
    void (*on_event)(void *socket_owner, const struct sio_event *e);
    /* Left the namespace, or the session ended: the last event; s is gone at the end of the turn.
     */
    void (*on_disconnect)(void *socket_owner);
    /* What would be free without it, by and large.  May be NULL. */
    size_t (*weight)(const void *socket_owner);
};

/* The Socket.IO side of an engine; attaches itself to it. */
struct sio_server *sio_server_open(
    struct loop *l, struct engine *e, const struct sio_limits *limits);
void sio_server_attach(struct sio_server *v, const struct sio_handlers *h, void *owner);
void sio_server_set_limits(struct sio_server *v, const struct sio_limits *limits);
/* After the engine's last session is gone. */
void sio_server_close(struct sio_server *v);

/* The connected socket with this id, or public id that was asked for, or NULL.  Engine.IO 3: the
 * id is the sid; 4: the id of the connect answer. */
struct sio_socket *sio_server_find(const struct sio_server *v, struct str id);
/* Sockets in the namespace. */
size_t sio_server_count(const struct sio_server *v);

#endif
