/* SPDX-License-Identifier: MIT */
/*
 * stream_ops: for what stands between a stream and its socket, such as encryption: what it has to
 * provide, and what the stream lends it.  A stream without it is plain.
 *
 *   socket -> read ... stream_ops_deliver -> on_data
 *   stream_send -> queue ... end of the turn: flush ... stream_ops_peek, _write, _take -> socket
 *
 * Everything is called on the stream's thread.  The loop lends memory for the length of a call
 * (loop_plain_room); what outlives one is part of the state, which moves with the stream.
 */
#ifndef NET_STREAM_OPS_H
#define NET_STREAM_OPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/str.h"

struct stream;

enum stream_flush {
    STREAM_FLUSH_DONE,    /* the queue is empty */
    STREAM_FLUSH_BLOCKED, /* the kernel takes no more now */
    STREAM_FLUSH_WAITING, /* the peer has to send something first (a handshake) */
    STREAM_FLUSH_FAILED,
};

/* Those after farewell are called with a state alone, which is never NULL. */
struct stream_ops {
    /* Bytes came in. */
    void (*read)(struct stream *s, const char *data, size_t len);
    /* Go on with input that stream_pause() held up; NULL: there is never any. */
    void (*replay)(struct stream *s);
    /* Write the queue. */
    enum stream_flush (*flush)(struct stream *s);
    /* Tell the peer that no more follows, before the socket says so; NULL: nothing to tell. */
    enum stream_flush (*farewell)(struct stream *s);

    /* In the middle of a read: the loop's memory is in use. */
    bool (*is_busy)(const void *state);
    /* Bytes taken from the queue and not yet by the kernel. */
    size_t (*held)(const void *state);
    /* One sentence about a failure; NULL: there was none. */
    const char *(*error)(const void *state);
    /* Make ready for a move: let go of the loop's memory.  False: it cannot move now. */
    bool (*pack)(void *state);
    void (*free)(void *state);
};

/*
 * Before anything is read or sent: ops from now on, and state, which the stream takes over.  Unless
 * stream_ops_ready() is called within limit_ms, the stream ends.
 */
void stream_ops_begin(
    struct stream *s, const struct stream_ops *ops, void *state, uint64_t limit_ms);
/* Bytes can go both ways: calls up, see on_ready. */
void stream_ops_ready(struct stream *s);

/* NULL after a move, and for a plain stream. */
void *stream_ops_state(const struct stream *s);
/* Whether to read on: s is not over, it is not paused, and the peer did not finish. */
bool stream_ops_wants_input(const struct stream *s);
/* Closed, or moved: then even the state belongs to others. */
bool stream_ops_is_over(const struct stream *s);

/* Calls up: the owner may close, pause or move s. */
void stream_ops_deliver(struct stream *s, const char *data, size_t len);
/* The peer sends no more: what is queued is still written, then the stream ends. */
void stream_input_ended(struct stream *s);

/* The beginning of the queue in one piece: borrowed, or copied to room; empty: nothing is queued.
 */
struct str stream_ops_peek(const struct stream *s, char *room, size_t size);
/* The first len bytes of it need not be kept any longer. */
void stream_ops_take(struct stream *s, size_t len);
/* Returns how much the kernel took, or -1.  When that is not all, flush follows as soon as it takes
 * more. */
MUST_USE ssize_t stream_ops_write(struct stream *s, const char *data, size_t len);

#endif
