/* SPDX-License-Identifier: MIT */
/*
 * transport: what a session needs of polling or WebSocket, as a table.
 *
 * A transport belongs to its session, which alone closes it; it reports packets and its own end
 * through eio_session_priv.h, and as a candidate its packets to upgrade.h.  After ops->close() it
 * lives to the end of the turn.
 */
#ifndef ENGINE_TRANSPORT_H
#define ENGINE_TRANSPORT_H

#include <stdbool.h>

#include "base/attr.h"
#include "engine/eio_session.h"

struct eio_message;
struct eio_transport;
struct stream;

struct eio_transport_ops {
    const char *name; /* in the query and in the log */
    /* False: the queue is past its limit, and m is not in it. */
    bool (*send)(struct eio_transport *t, struct eio_message *m);
    /* Whether the peer could be told now that the session closes. */
    bool (*reachable)(const struct eio_transport *t);
    /* Tell the peer, as why has it, and let go of everything. */
    void (*close)(struct eio_transport *t, enum eio_end why);
    /* Stop taking packets; settle() goes on once the session is not paused any more. */
    void (*pause)(struct eio_transport *t);
    /* The end of a turn in which something happened to the session. */
    void (*settle)(struct eio_transport *t);
    /* Give everything queued to another transport, in order; false: past that one's limit. */
    bool (*hand_over)(struct eio_transport *t, struct eio_transport *to);
};

/* The first member of every transport. */
struct eio_transport {
    const struct eio_transport_ops *ops;
    struct eio_session *session;
    /* WebSocket, while it is open: the active transport's frames may be sent right here. */
    struct stream *stream;
    bool deflate; /* ... and compressed ones too */
    bool stopped; /* WebSocket, while its session is paused: the stream, and what is kept, wait */
};

#endif
