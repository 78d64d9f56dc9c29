/* SPDX-License-Identifier: MIT */
/*
 * eio_session: one client's Engine.IO session, over whatever transport it is on at the moment.
 *
 * Messages keep their order over polling, the upgrade and WebSocket.  An idle session on a
 * WebSocket owns no buffer.  The worker's thread only.
 */
#ifndef ENGINE_EIO_SESSION_H
#define ENGINE_EIO_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct bytes;
struct eio_message;
struct eio_session;
struct share;

/* Why a session ended, with the word in the log. */
enum eio_end {
    EIO_END_PEER,            /* close packet, close frame, or the connection's end: "peer" */
    EIO_END_LOCAL,           /* the layer above closed it: "local" */
    EIO_END_PING_TIMEOUT,    /* "ping timeout" */
    EIO_END_ABSENT,          /* nothing followed the handshake: "absent" */
    EIO_END_EVICTED,         /* no connection, and too many such sessions: "evicted" */
    EIO_END_CONNECT_TIMEOUT, /* no Socket.IO connect in time (the layer above): "connect timeout" */
    EIO_END_PARSE,           /* malformed packet: "parse error" */
    EIO_END_TOO_LARGE,       /* a message past the limit: "too large" */
    EIO_END_INFLATION,       /* too much came out of too little (permessage-deflate): "inflation" */
    EIO_END_FLOOD,           /* too many messages (the layer above): "flood" */
    EIO_END_OVERLAP,         /* two polls, or two posts, at once: "overlap" */
    EIO_END_SLOW,            /* its queue passed the limit: "slow" */
    EIO_END_MEMORY,          /* memory was short, and it held much: "memory" */
    EIO_END_TRANSPORT,       /* the transport failed: "transport error" */
    EIO_END_SHUTDOWN,        /* the server stops: "shutdown" */
};

void eio_session_attach(struct eio_session *s, void *owner);

/* Queue a message; on a WebSocket it is gathered into this turn's write.  A reference is taken.
 * A queue past its limit closes the session (EIO_END_SLOW).  After a close nothing happens. */
void eio_session_send(struct eio_session *s, struct eio_message *m);
/* The same for a text that one session alone receives; it is the whole packet and is copied. */
void eio_session_send_text(struct eio_session *s, struct str text);
/* text, the whole packet, to each but except (NULL: none), as one message for all: nothing is
 * allocated for a receiver.  Returns to how many. */
size_t eio_session_broadcast(struct eio_session *const *sessions, size_t count, struct bytes *text,
    const struct eio_session *except);

/* Close; idempotent.  on_close follows at the end of this turn or later. */
void eio_session_close(struct eio_session *s, enum eio_end why);

/* Stop and resume taking messages from the client: its reading waits.  Nested. */
void eio_session_pause(struct eio_session *s);
void eio_session_resume(struct eio_session *s);

/* 3 or 4. */
unsigned eio_session_version(const struct eio_session *s);
/* 20 characters. */
struct str eio_session_sid(const struct eio_session *s);
/* Of the handshake; len 0 when there was none.  The session keeps them.  The address is the
 * client's as engine_limits.proxies know it. */
struct str eio_session_address(const struct eio_session *s);
struct str eio_session_cookie(const struct eio_session *s);
struct str eio_session_referer(const struct eio_session *s);
/* Its client's share, as long as the session lives; NULL: it is not limited. */
struct share *eio_session_share(const struct eio_session *s);

enum { EIO_SESSION_SID_LEN = 20 };

#endif
