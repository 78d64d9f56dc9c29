/* SPDX-License-Identifier: MIT */
/*
 * http_conn, for the files of http: the connection (http_conn.c), its states (http_state.c), its
 * exchange (http_exchange.c), and an answer's bytes (http_reply.c).
 *
 *   stream -> on_data -> feed -> http_parser -> on_request, on_body
 *                `-> ahead (pipelined) -> the end of a turn -> feed
 *   http_exchange_reply -> stream, http_state_answered -> the next request
 */
#ifndef HTTP_HTTP_CONN_PRIV_H
#define HTTP_HTTP_CONN_PRIV_H

#include "base/buffer.h"
#include "http/http_conn.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"

struct bytes;
struct http_parser;
struct stream_parcel;

/*
 *            first byte          complete          taken           whole body
 *   IDLE ----------------> HEAD ----------> ASKING -----> BODY -----------------> ANSWERING
 *    ^                                        |             |                         |
 *    `------------------ reply ---------------'-------------'-------------------------'
 *
 *   any but GONE -> CLOSING (a last reply, an error, close) -> GONE (the stream ended)
 *   ASKING -> GONE (upgrade, detach)
 *
 * IDLE       no exchange, no parser, no buffer (but for what was pipelined).
 * HEAD       the exchange exists, as up to ANSWERING; its head is being received.
 * ASKING     inside on_request.
 * BODY       the exchange is its owner's; the body is being received.
 * ANSWERING  the request is complete; the owner has yet to answer.
 * CLOSING    nothing is read or sent any more; waiting for the stream's end.
 * GONE       waiting for the end of this turn to be freed.
 */
enum http_conn_state {
    HTTP_CONN_IDLE,
    HTTP_CONN_HEAD,
    HTTP_CONN_ASKING,
    HTTP_CONN_BODY,
    HTTP_CONN_ANSWERING,
    HTTP_CONN_CLOSING,
    HTTP_CONN_GONE,
};

/* Owns its stream, and its exchange while there is one. */
struct http_conn {
    struct stream *stream;
    struct loop *loop;
    const struct http_limits *limits;
    const struct http_conn_handlers *handlers;
    void *owner;
    struct http_exchange *exchange;
    struct str rest;        /* ASKING: what was received after the head */
    struct buffer ahead;    /* received too early */
    struct timer limit;     /* what it limits depends on the state */
    struct loop_task again; /* go on with ahead */
    uint64_t bytes_out;     /* when the idle limit looked last */
    size_t held;            /* by ahead and the exchange, as the budget of its loop counts it */
    unsigned postponed;     /* how often the request under way was */
    enum http_conn_state state;
    bool served;  /* a head began: the first one's limit counts from the opening */
    bool paused;  /* ahead is full */
    bool blocked; /* the stream's queue is full: no further request until it is written */
    bool retiring;
};

/* Owned by its connection; conn is NULL once it is over, until the end of that turn.  Until then it
 * is conn's only one. */
struct http_exchange {
    struct http_conn *conn;
    struct http_parser *parser;
    struct http_request request;
    const struct http_exchange_handlers *handlers; /* NULL: not taken */
    void *owner;
    size_t body_limit;      /* HTTP_NO_BODY: the owner gets an empty one */
    uint64_t body_since_ms; /* BODY: when it began */
};

struct http_parcel {
    struct stream_parcel *stream;
    struct buffer raw;
    bool served;
};

struct http_exchange *http_exchange_new(struct http_conn *c);
/* The head is complete: fill in the request. */
void http_exchange_begin(struct http_exchange *x);
/* In BODY: how long the rest may take; 0: it took too long. */
uint64_t http_exchange_body_left_ms(const struct http_exchange *x);
/* It is over: freed at the end of the turn. */
void http_exchange_release(struct http_exchange *x);
/* In ASKING: x and its connection are over, and its stream is another's from now on: on_left. */
void http_exchange_leave(struct http_exchange *x);

/* Count what c holds now; whenever that may have changed. */
void http_state_account(struct http_conn *c);

/* The only place that writes c->state. */
void http_state_enter(struct http_conn *c, enum http_conn_state next);
/* Between requests: go on with what was received too early, at the end of the turn. */
void http_state_go_on(struct http_conn *c);
/* Its exchange was answered: go on, or close once everything is sent. */
void http_state_answered(struct http_conn *c, bool keep_open);
/* Close once everything is sent. */
void http_state_finish(struct http_conn *c);
/* Its stream has ended, or is another's now: freed at the end of the turn.  Calls no handler. */
void http_state_leave(struct http_conn *c);

/* An answer as bytes.  keep: the connection stays open; mute: the answer to HEAD, which has a
 * length and no body. */
struct bytes *http_reply_bytes(const struct http_reply *r, bool keep, bool mute);

#endif
