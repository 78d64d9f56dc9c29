/* SPDX-License-Identifier: MIT */
/*
 * ws_reader: bytes of one client become WebSocket messages and control frames, checked as RFC 6455
 * and RFC 7692 require.  It reads and judges the head of each frame; wslay unmasks the payload.
 *
 * wslay's context reads past a frame's end and has no reset.  So it is given exactly one frame at a
 * time: after a whole message no bytes of this client are left in it, and the reader goes back to
 * the pool.  A reader that holds part of a message stays with its connection.  No I/O.
 *
 * Its state is all that there is between two calls: the head of the frame under way and how much of
 * its payload is still to come, the kind of the message under way and what arrived of it (with the
 * state of its UTF-8 check), what arrived of a control frame, and the input that is kept.  wslay's
 * own state follows from it: a new context that is fed this head, with the length that is left and
 * the mask turned by as many bytes as were read, goes on where the old one was.
 */
#ifndef ENGINE_WS_READER_H
#define ENGINE_WS_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct budget;
struct ws_reader;

/* All zero is an empty pool. */
struct ws_reader_pool {
    struct ws_reader *idle;
    unsigned count;
};

struct ws_reader *ws_reader_lend(struct ws_reader_pool *pool);
/* Takes it back; one that is in the middle of something, or has failed, is freed. */
void ws_reader_return(struct ws_reader_pool *pool, struct ws_reader *r);
void ws_reader_pool_fini(struct ws_reader_pool *pool);
/* NULL is fine. */
void ws_reader_free(struct ws_reader *r);

enum ws_event {
    WS_EVENT_MORE, /* all input was taken */
    WS_EVENT_TEXT,
    WS_EVENT_BINARY,
    WS_EVENT_PING,
    WS_EVENT_PONG,
    WS_EVENT_CLOSE,  /* data is empty, or the code and a valid reason */
    WS_EVENT_FAILED, /* close with code; the reader cannot go on */
};

struct ws_rules {
    size_t message_bytes; /* limit of a message, inflated too */
    bool deflate;         /* permessage-deflate was agreed */
    size_t inflation;     /* what may come out of a message besides WS_INFLATION_FREE of it */
};

/* So many times its compressed size a message may have without any more ado. */
enum { WS_INFLATION_FREE = 16 };

struct ws_incoming {
    struct str data; /* borrowed until the next call */
    unsigned code;
    size_t inflation; /* used up of what the rules allow */
};

/* Take from the front of *input until something is complete. */
MUST_USE enum ws_event ws_reader_next(
    struct ws_reader *r, const struct ws_rules *rules, struct str *input, struct ws_incoming *out);

/* Between messages, with no input kept. */
bool ws_reader_is_idle(const struct ws_reader *r);

/* The memory it takes; NULL: none. */
size_t ws_reader_bytes(const struct ws_reader *r);
/* Count it in b until it is given back or freed: of one that stays with its connection. */
void ws_reader_account(struct ws_reader *r, struct budget *b);

/* Input that has to wait, in order. */
void ws_reader_keep(struct ws_reader *r, struct str input);
/* All that was kept, in a buffer that the caller frees. */
struct buffer ws_reader_take_kept(struct ws_reader *r);

#endif
