/* SPDX-License-Identifier: MIT */
/*
 * http_conn_priv: the connection and its one exchange, shared by http_conn.c and http_exchange.c.
 */
#ifndef HTTP_HTTP_CONN_PRIV_H
#define HTTP_HTTP_CONN_PRIV_H

#include "base/buffer.h"
#include "http/http_conn.h"
#include "net/loop.h"
#include "net/timer.h"

struct http_parser;

/*
 * IDLE -> HEAD -> DECIDING -> BODY -> WAITING -> IDLE
 *                   |  `---------------^  |
 *                   `-- reply ------------'-> CLOSING -> GONE
 *
 * IDLE      between requests; nothing of the next one is here.
 * HEAD      a head is arriving.
 * DECIDING  inside on_request.
 * BODY      the exchange is taken; its body is arriving, or about to be delivered.
 * WAITING   the request is complete; its answer is awaited.
 * CLOSING   the stream is closing; on_end follows.
 * GONE      upgraded, detached or ended; freed at the end of the turn.
 */
enum http_conn_state {
    HTTP_CONN_IDLE,
    HTTP_CONN_HEAD,
    HTTP_CONN_DECIDING,
    HTTP_CONN_BODY,
    HTTP_CONN_WAITING,
    HTTP_CONN_CLOSING,
    HTTP_CONN_GONE,
};

struct http_exchange {
    struct http_request request;
    const struct http_exchange_handlers *handlers; /* NULL: not taken */
    void *owner;
    size_t body_limit;
    struct buffer body;
};

/* Owned by itself; freed behind its stream's end, an upgrade or a detach. */
struct http_conn {
    struct stream *stream;
    struct loop *loop;
    const struct http_limits *limits;
    const struct http_conn_handlers *handlers;
    void *owner;
    enum http_conn_state state;
    struct http_parser *parser; /* NULL while IDLE */
    struct buffer head;         /* the head, as it arrived */
    struct buffer rest;         /* what came behind it and is not parsed yet */
    size_t parsed;              /* bytes of head that the parser has seen */
    struct http_exchange exchange;
    struct timer timer;
    struct loop_task pump;
    bool pumping; /* inside the loop that parses rest */
    bool paused;  /* reading waits: rest is full */
    bool retiring;
    bool keep_alive;
};

/* The only place that writes c->state; starts the state's timer. */
void http_conn_enter(struct http_conn *c, enum http_conn_state next);
/* Answered and kept alive: ready for the next request. */
void http_conn_next(struct http_conn *c);
/* Send what is queued and close. */
void http_conn_finish(struct http_conn *c);
/* Leave the stream to somebody else: upgraded or detached. */
void http_conn_abandon(struct http_conn *c);

static inline struct http_conn *
http_conn_of(struct http_exchange *x)
{
    return CONTAINER_OF(x, struct http_conn, exchange);
}

#endif
