/* SPDX-License-Identifier: MIT */
/*
 * engine: Engine.IO 3 and 4 on one worker: handshakes, sessions, their transports.
 *
 * It answers the requests under its path, keeps this worker's sessions by sid, and reports sessions
 * and messages to the layer above.  A sid names the worker that owns it.  It does not know
 * Socket.IO, channels or configuration files.  The worker's thread only.
 */
#ifndef ENGINE_ENGINE_H
#define ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "engine/eio_session.h"
#include "net/allowance.h"

struct engine;
struct http_exchange;
struct http_request;
struct loop;
struct loop_task;
struct proxies;
struct shares;

/* While the budget of its loop is spent, handshakes are refused with 503, large bodies with 413. */

/* Options of the port, shared by all workers; owned by the caller, immutable while it is set. */
struct engine_limits {
    const char *path; /* "/socket.io/", with both slashes */
    uint64_t ping_interval_ms, ping_timeout_ms;
    uint64_t upgrade_timeout_ms;
    size_t message_bytes; /* maxHttpBufferSize: a body, a WebSocket message */
    size_t queue_bytes;   /* past it a slow reader is disconnected */
    size_t adrift;        /* sessions that no connection serves: past it the one ends that has
                           * been so the longest; 0: any number */
    struct allowance_rate address_handshakes; /* of one address */
    struct allowance_rate address_kilobytes;  /* that its sessions send in packets */
    bool polling, websocket;                  /* transports */
    bool allow_upgrades;
    bool deflate;             /* permessage-deflate is answered */
    size_t deflate_threshold; /* bytes; shorter messages go as they are */
    bool compression;         /* gzip and deflate of polling bodies */
    size_t compression_threshold;
    /* The `io` cookie of Engine.IO 3's polling answers: a prebuilt text around the sid,
     * "io=" and "; Path=/; HttpOnly; SameSite=Strict"; NULL: none. */
    const char *cookie3_name, *cookie3_attributes;
    /* The same for Engine.IO 4, on the handshake's answer only; NULL: none. */
    const char *cookie4_name, *cookie4_attributes;
    /* socketio.origins: NULL-terminated list; NULL: any origin. */
    const char *const *origins;
    /* allowedOrigins, the same. */
    const char *const *allowed_origins;
    const struct proxies *proxies; /* whose word on a client's address counts; NULL: none */
};

/* Session events: see eio_session.h for what an owner may do. */
struct engine_handlers {
    /* A session began; attach an owner now (eio_session_attach).  Messages sent now travel with
     * the handshake's answer. */
    void (*on_open)(void *owner, struct eio_session *s);
    /* data is borrowed.  session_owner is what was attached. */
    void (*on_message)(void *session_owner, struct str data, bool binary);
    /* The last event of a session; it is gone at the end of this turn. */
    void (*on_close)(void *session_owner, enum eio_end why);
    /* What would be free without it, by and large.  May be NULL. */
    size_t (*weight)(const void *session_owner);
};

/* shares: where its sessions count; outlives it.  NULL: nowhere. */
struct engine *engine_open(
    struct loop *l, unsigned worker, const struct engine_limits *limits, struct shares *shares);
/* The layer above; once, before the first request. */
void engine_attach(struct engine *e, const struct engine_handlers *h, void *owner);
/* A request for a session of another worker: detach x's connection and send it there, or answer;
 * without a handler such a sid is unknown. */
void engine_on_foreign_sid(struct engine *e,
    void (*on_foreign)(void *owner, struct http_exchange *x, unsigned worker), void *owner);
/* For that handler, when the session cannot be reached: the answer to an unknown sid. */
void engine_answer_unknown(struct http_exchange *x);
void engine_set_limits(struct engine *e, const struct engine_limits *limits);
const struct engine_limits *engine_get_limits(const struct engine *e);

/* An http_service (http/http_router.h): true when the request is under the engine's path; for
 * upgrades on other paths false. */
bool engine_offer(void *engine, struct http_exchange *x, const struct http_request *r);

/*
 * Close every session with EIO_END_SHUTDOWN; new ones are refused with 503.  emptied is run at the
 * end of the turn in which the last one is gone, or of this turn; NULL: nobody waits.
 */
void engine_shutdown(struct engine *e, struct loop_task *emptied);
/*
 * For when memory is short: what the session holds that holds most, and the end (EIO_END_MEMORY) of
 * those that hold at least so much, until they are wanted bytes together; returns how many those
 * are.
 */
size_t engine_heaviest(const struct engine *e);
size_t engine_relieve(struct engine *e, size_t least, size_t wanted);
/* Sessions that are not freed yet, closed ones included. */
size_t engine_session_count(const struct engine *e);
/* After the last session is gone. */
void engine_close(struct engine *e);

#endif
