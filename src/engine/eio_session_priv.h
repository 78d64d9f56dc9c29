/* SPDX-License-Identifier: MIT */
/*
 * eio_session, for the modules of this layer: a session, what it needs of a transport, and its
 * upgrade from one transport to another.
 */
#ifndef ENGINE_EIO_SESSION_PRIV_H
#define ENGINE_EIO_SESSION_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "engine/eio_session.h"
#include "heartbeat.h"
#include "wire/eio_packet.h"

struct bytes;
struct eio_message;
struct eio_transport;
struct engine;
struct share;
struct stream;

/* ---- transports ---- */

/*
 * What a session needs of polling or WebSocket.
 *
 * A transport belongs to its session, which alone closes it; it reports packets to
 * eio_session_packet(), as a candidate to upgrade_packet(), and its own end to eio_session_lost().
 * After ops->close() it lives to the end of the turn.
 */
struct eio_transport_ops {
    const char *name; /* in the query and in the log */
    /* False: the queue is past its limit, and m is not in it. */
    bool (*send)(struct eio_transport *t, struct eio_message *m);
    /* Whether the peer could be told now that the session closes. */
    bool (*reachable)(struct eio_transport *t);
    /* Tell the peer what why requires, and let go of everything. */
    void (*close)(struct eio_transport *t, enum eio_end why);
    /* Stop taking packets; settle() goes on once the session is not paused any more. */
    void (*pause)(struct eio_transport *t);
    /* The end of a turn in which something happened to the session. */
    void (*settle)(struct eio_transport *t);
    /* Take the packets that still wait, paused or not, which may end the session; then give
     * everything queued to another transport, in order; false: past that one's limit.  NULL: it is
     * never left for another one. */
    bool (*hand_over)(struct eio_transport *t, struct eio_transport *to);
    /* What would be free without it, by and large. */
    size_t (*weight)(const struct eio_transport *t);
};

/* The first member of every transport. */
struct eio_transport {
    const struct eio_transport_ops *ops;
    struct eio_session *session;
    /* WebSocket, while it is open: the active transport's frames may be sent right here. */
    struct stream *stream;
    bool deflate; /* ... and compressed ones too */
    bool stopped; /* WebSocket, while its session is paused: the stream, and what is kept, wait */
    uint32_t inflated_ms; /* WebSocket: when what it inflated is made up for, modulo 49 days */
};

/* ---- sessions ---- */

enum session_state { SESSION_OPEN, SESSION_PROBING, SESSION_LEAVING, SESSION_CLOSED };

/* What PROBING adds; made by upgrade.c, and the session's. */
struct eio_probing {
    struct eio_transport *candidate;
    struct timer limit;
    bool probed; /* the candidate asked and was answered */
};

/*
 * Owned by its engine; the layer above holds a pointer from on_open to on_close.
 *
 * It has an active transport from its beginning to CLOSED, and probing in that state only.  direct
 * is the stream of the active transport or NULL, and always NULL once the session is not live.
 */
struct eio_session {
    /* What a broadcast touches: the open WebSocket's stream, or NULL. */
    struct stream *direct;
    struct engine *engine;
    bool deflate;
    uint8_t state; /* enum session_state */
    uint8_t why;   /* enum eio_end */
    bool told;     /* on_close was called, or on_open was not */
    uint16_t pauses;
    bool secure; /* the client came by TLS, to us or to a proxy */

    void *owner;
    struct eio_transport *active;
    struct eio_probing *probing;
    struct list node; /* in the engine's dirty list */
    struct heartbeat heartbeat;
    struct bytes *cookie, *referer; /* of the handshake, in the engine's texts; NULL: none */
    struct share *share;            /* its client's; NULL: it counts nowhere */
    uint64_t opened_ms;
    uint64_t bytes_in, bytes_out;
    char sid[EIO_SESSION_SID_LEN];
    char client[]; /* the address, of the handshake */
};

/* What a session counts as, with its transport and what the layers above keep of it in any case. */
enum { EIO_SESSION_BYTES = 768 };

/* s, which is zero but for its id and its client, is the engine's from now on; it has no transport
 * yet. */
void eio_session_init(struct eio_session *s, struct engine *e, enum eio_version v);
/* Whether messages still pass. */
bool eio_session_live(const struct eio_session *s);
/* On a transport that can be left for a WebSocket. */
bool eio_session_is_polling(const struct eio_session *s);

/* For upgrade.c: change the state; carry messages over t from now on. */
void eio_session_enter(struct eio_session *s, enum session_state next);
void eio_session_activate(struct eio_session *s, struct eio_transport *t);
/* Back to OPEN; of the two transports, loser is closed. */
void eio_session_leave_probing(struct eio_session *s, struct eio_transport *loser);

/* What would be free without it, by and large; of one that is in the engine's map. */
size_t eio_session_weight(const struct eio_session *s);

/* Call the transports' settle() at the end of this turn. */
void eio_session_mark(struct eio_session *s);
/* What the engine does with a marked session. */
void eio_session_settle(struct eio_session *s);

/* A packet from the active transport; from any other it means nothing. */
void eio_session_packet(
    struct eio_session *s, struct eio_transport *from, const struct eio_packet *p);
/* A transport broke its rules or is gone.  The candidate's end does not harm the session. */
void eio_session_lost(struct eio_session *s, struct eio_transport *from, enum eio_end why);
/* Close now, whether or not the client can be told; from LEAVING too. */
void eio_session_end(struct eio_session *s, enum eio_end why);

/* ---- the upgrade ---- */

/* Whether one may begin now. */
bool upgrade_possible(const struct eio_session *s);
/* The session is OPEN; it is PROBING from now on. */
void upgrade_begin(struct eio_session *s, struct eio_transport *candidate);
/* A packet of the candidate. */
void upgrade_packet(struct eio_session *s, const struct eio_packet *p);

#endif
