/* SPDX-License-Identifier: MIT */
/*
 * http_conn: the server's side of one HTTP/1.1 connection (RFC 9112), keep-alive, one request at a
 * time; what a client pipelines waits.  An exchange is one request and its answer, which may come
 * much later (a held poll): the connection still notices when the peer goes away.
 *
 * It belongs to its stream's loop.  It does not know routes.
 */
#ifndef HTTP_HTTP_CONN_H
#define HTTP_HTTP_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "http/http_request.h"

struct http_conn;
struct http_exchange;
struct http_parcel;
struct loop;
struct stream;

struct http_limits {
    size_t head_bytes;        /* 431 past it */
    unsigned headers;         /* 431 past it */
    uint64_t head_timeout_ms; /* 408; from the first byte of a head (from accept for the first) */
    uint64_t body_timeout_ms; /* 408; for a body, and a second more ... */
    size_t body_bytes_per_s;  /* ... per so many bytes of content: a trickle earns little */
    uint64_t idle_timeout_ms; /* between requests; closed without an answer */
    /* An answer that is read more slowly, looked at every idle_timeout_ms, is cut. */
    size_t answer_bytes_per_s;
};

struct http_conn_handlers {
    /*
     * A head is complete.  Before returning, or later, x must be answered; before returning it is
     * either taken (http_exchange_take), answered (http_exchange_reply), upgraded, detached or
     * postponed.
     */
    void (*on_request)(void *owner, struct http_exchange *x, const struct http_request *r);
    /* The last event of all; not after detach or upgrade. */
    void (*on_end)(void *owner, struct http_conn *c);
    /* The last event instead of it: c was upgraded or detached.  Called from within the call that
     * did it; c is gone at the end of the turn.  May be NULL. */
    void (*on_left)(void *owner, struct http_conn *c);
};

/* Serve s, which is taken over.  limits must outlive the connection. */
struct http_conn *http_conn_open(struct stream *s, const struct http_limits *limits,
    const struct http_conn_handlers *h, void *owner);
/* Close at once; the open exchange is aborted; on_end follows. */
void http_conn_close(struct http_conn *c);
/* What would be free without it, by and large; 0: it is closing. */
size_t http_conn_weight(const struct http_conn *c);
/* No further request: idle connections close now, others after the answer under way. */
void http_conn_retire(struct http_conn *c);

enum http_abort {
    HTTP_ABORT_GONE,      /* the connection is lost, or its body was malformed (answered with 400)
                           * or too slow (408): no answer can be sent */
    HTTP_ABORT_TOO_LARGE, /* the body passed its limit; answered with 413 unless the owner
                           * answers within the call; the connection closes after it */
};

struct http_exchange_handlers {
    /* The whole body (empty when there is none), borrowed for the call. */
    void (*on_body)(void *owner, struct http_exchange *x, struct str body);
    /* The exchange ended without the owner's answer; x is gone when this returns. */
    void (*on_abort)(void *owner, struct http_exchange *x, enum http_abort why);
};

/* For a request whose body means nothing: up to 4 KiB are read and dropped, so that the connection
 * can go on; a longer one is too large. */
enum { HTTP_NO_BODY = 0 };

/* Take the exchange over: events go to owner.  on_body comes in this or a later turn, never
 * before this returns to the caller of on_request; with HTTP_NO_BODY its text is empty. */
void http_exchange_take(struct http_exchange *x, size_t body_limit,
    const struct http_exchange_handlers *h, void *owner);

struct http_reply {
    unsigned status;
    const char *type;   /* Content-Type; NULL: none */
    struct str headers; /* further lines, each "Name: value\r\n"; copied */
    struct str body;    /* copied; not sent in answer to HEAD */
    bool close;         /* close the connection after it */
};

/* Answer; the exchange is gone when this returns.  When the request's body was not read yet the
 * connection closes after the answer. */
void http_exchange_reply(struct http_exchange *x, const struct http_reply *reply);
/* A reply without further headers: http_exchange_reply_text(x, 404, "text/plain", "Not Found"). */
void http_exchange_reply_text(
    struct http_exchange *x, unsigned status, const char *type, const char *body);
/* Close the connection without an answer; no on_abort. */
void http_exchange_destroy(struct http_exchange *x);

/* Valid until the exchange is gone. */
const struct http_request *http_exchange_request(const struct http_exchange *x);

/*
 * Only inside on_request: leave HTTP behind.  The caller attaches to the stream returned (the
 * connection and x are gone), sends the 101 itself, and treats *early (malloc'ed, NULL when empty)
 * as the first bytes received; it must free() it.
 */
MUST_USE struct stream *http_exchange_upgrade(
    struct http_exchange *x, char **early, size_t *early_len);

/*
 * Only inside on_request: take the connection out of this loop, with the raw bytes from this
 * head's first one; the conn and x are gone, without on_end.  NULL: not possible now (an answer is
 * still queued, or its stream cannot move: see stream_detach()); x is unharmed.
 */
MUST_USE struct http_parcel *http_conn_detach(struct http_exchange *x);
/*
 * Only inside on_request, after that: x is gone, and on_request comes again with the same request
 * after the answers before it (it was pipelined) had their chance to be written.  False, and x is
 * unharmed: it was postponed often enough.
 */
MUST_USE bool http_exchange_postpone(struct http_exchange *x);
/* Go on in another loop: on_request comes again there. */
struct http_conn *http_conn_adopt(struct loop *l, struct http_parcel *p,
    const struct http_limits *limits, const struct http_conn_handlers *h, void *owner);
void http_conn_drop_parcel(struct http_parcel *p);

#endif
