/* SPDX-License-Identifier: MIT */
/*
 * sio_priv: what sio_server, sio_socket and sio_intake share.
 */
#ifndef SOCKET_SIO_PRIV_H
#define SOCKET_SIO_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/map.h"
#include "engine/eio_session.h"
#include "net/timer.h"
#include "socket/sio_server.h"
#include "wire/eio_packet.h"

struct engine;
struct loop;

struct sio_server {
    struct loop *loop;
    struct engine *engine;
    struct sio_limits limits;
    const struct sio_handlers *handlers;
    void *owner;
    struct map connected;  /* id -> struct sio_socket */
    struct map disguised;  /* public id, where it is another -> struct sio_socket */
    struct buffer scratch; /* for texts that one socket alone receives */
    struct log_gate floods;
};

/*
 * WAITING ----connect----> CONNECTED ----disconnect packet----> LEFT
 *    |                       |  ^----------connect---------------|
 *    `----------- the session ends ------------------------------`-----> CLOSED
 *
 * WAITING    the session is open, the client has not connected: only Socket.IO 3 and 4, and no
 *            longer than connectTimeout.
 * CONNECTED  in the namespace: in the server's map, the owner hears its events.
 * LEFT       out of it again; nothing is owed and no timer runs.
 * CLOSED     the session is closing, or gone; packets are ignored from now on.
 */
enum sio_state { SIO_WAITING, SIO_CONNECTED, SIO_LEFT, SIO_CLOSED };

enum { SIO_ID_BYTES = 15, SIO_ID_LEN = 20 };

/* A binary event whose attachments are still arriving. */
struct sio_assembly {
    unsigned missing;     /* above 0: the last one ends it */
    size_t bytes;         /* of the attachments so far */
    struct bytes *packet; /* its text; NULL when it is not an event */
};

/* Owned by its session: from on_open to on_close.  connect_limit is set only while WAITING, and
 * only a CONNECTED socket has an owner. */
struct sio_socket {
    struct sio_server *server;
    struct eio_session *session;
    void *owner;
    struct timer *connect_limit;   /* while WAITING */
    struct sio_assembly *assembly; /* NULL unless a binary packet is incomplete */
    struct allowance messages;
    uint8_t state;   /* enum sio_state */
    uint8_t version; /* enum eio_version */
    char id[SIO_ID_LEN + 1];
    char public_id[SIO_ID_LEN + 1]; /* "" until it is asked for, and where it is the id */
};

/* The engine's handlers: a session began, so make its socket; its last event; what it holds. */
void sio_socket_on_open(void *server, struct eio_session *session);
void sio_socket_on_close(void *socket, enum eio_end why);
size_t sio_socket_weight(const void *socket);

/* Into the namespace, with or without telling the client; calls up. */
void sio_socket_enter(struct sio_socket *s, bool silently);
/* Out of the namespace; calls up. */
void sio_socket_leave(struct sio_socket *s);
/* Close the session; packets are ignored from now on; calls up. */
void sio_socket_end(struct sio_socket *s, enum eio_end why);
/* A binary packet begins; text is kept if it is an event's, and empty otherwise. */
void sio_socket_begin_assembly(struct sio_socket *s, unsigned missing, struct str text);
/* Forget a binary packet that is incomplete. */
void sio_socket_drop_assembly(struct sio_socket *s);

/* The engine's handler of messages; socket is the session's owner. */
void sio_intake_on_message(void *socket, struct str data, bool binary);

#endif
