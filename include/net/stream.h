/* SPDX-License-Identifier: MIT */
/*
 * stream: an ordered byte pipe to one peer, plain or encrypted.
 *
 * The layers above see bytes and never learn whether they were encrypted.  A stream belongs to
 * one loop and is touched by no other thread; to change loops it is detached and adopted.  Sends
 * are gathered: one write a stream at the end of the loop's turn.  An idle stream owns no buffer.
 * It knows nothing of HTTP.
 */
#ifndef NET_STREAM_H
#define NET_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct address;
struct bytes;
struct loop;
struct share;
struct stream;
struct stream_parcel;

enum stream_end {
    STREAM_END_PEER,    /* the peer finished sending */
    STREAM_END_LOCAL,   /* stream_close() or stream_finish() was called */
    STREAM_END_TIMEOUT, /* no progress within the limit */
    STREAM_END_FAILED,  /* read, write or encryption error */
};

struct stream_handlers {
    /* data is borrowed: copy what must outlive the call. */
    void (*on_data)(void *owner, const char *data, size_t len);
    /* The handshake of an encrypted stream is done; what was sent before waited for it.  May be
     * NULL. */
    void (*on_ready)(void *owner);
    /* The queue drained after stream_send() had returned false.  May be NULL. */
    void (*on_drain)(void *owner);
    /* The last event of all; the stream is gone when this returns. */
    void (*on_end)(void *owner, enum stream_end why);
};

/* Queue length, in bytes, at which stream_send() answers false. */
enum { STREAM_HIGH_MARK = 65536 };

/* Deliver events to owner from now on; an upgrade calls this a second time. */
void stream_attach(struct stream *s, const struct stream_handlers *h, void *owner);

/*
 * Queue out for writing at the end of the turn; the stream takes its own reference.  Returns false
 * when the queue is past STREAM_HIGH_MARK: on_drain follows.  After a close it does nothing.
 */
bool stream_send(struct stream *s, struct bytes *out);
/* The same for a borrowed text, which is copied. */
bool stream_send_copy(struct stream *s, const char *data, size_t len);

/* s is about to be sent to: fetch what that touches.  NULL is fine. */
static inline void
stream_prefetch(const struct stream *s)
{
    __builtin_prefetch(s, 1);
    __builtin_prefetch((const char *)s + 64, 1);
    __builtin_prefetch((const char *)s + 127, 1);
}
/*
 * Write now what the kernel takes of the queue, rather than at the end of the turn: for an owner
 * whose queue has grown too long, and that must know whether the peer is slow or this turn is busy.
 * Inside on_data of an encrypted stream it does nothing.
 */
void stream_flush(struct stream *s);
/* Bytes queued and not yet taken by the kernel. */
size_t stream_queued(const struct stream *s);
/* The memory they take: a queue of tiny pieces is mostly bookkeeping. */
size_t stream_cost(const struct stream *s);

/* All that would be free without it, by and large. */
size_t stream_weight(const struct stream *s);

/* Stop and resume reading; data that was decrypted already waits too.  Not nested.  A paused
 * stream does not notice that the peer has gone, unless a write fails. */
void stream_pause(struct stream *s);
void stream_resume(struct stream *s);

/* Send what is queued, then close so that the peer reads it all: the sending side is shut, what
 * still arrives is discarded for at most 2 s.  on_data is not called any more; on_end is. */
void stream_finish(struct stream *s);
/* Close now, without the queue; idempotent.  on_end follows in a later turn of the loop, or at the
 * end of this one. */
void stream_close(struct stream *s, enum stream_end why);

/* One sentence why encryption failed, NULL when it was not the reason.  Valid during on_end. */
const char *stream_error(const struct stream *s);

bool stream_is_encrypted(const struct stream *s);
/* Where the peer is.  False: at the other end of a Unix socket, and *out is 127.0.0.1. */
bool stream_peer(const struct stream *s, struct address *out);
/* An accepted stream is held by to, of the worker that accepted it, until its descriptor is closed,
 * on whatever loop that is.  Only there; NULL: by nobody.  Nothing for one that is closed. */
void stream_charge(struct stream *s, struct share *to);
struct loop *stream_loop(const struct stream *s);
/* Bytes read from and written to the peer so far, before encryption. */
uint64_t stream_bytes_in(const struct stream *s);
uint64_t stream_bytes_out(const struct stream *s);

/*
 * Take the stream out of its loop, with its encryption and without on_end.  NULL, and the stream is
 * unharmed, when it cannot move now: something is queued, a handshake is under way, or it is
 * ending. Needs no spare descriptor.  The parcel is moved to another thread and adopted there; what
 * was read ahead travels with it and is delivered there.  All the way to its end it counts where it
 * was accepted (loop_accepted_count), so that loop may not be freed before.
 */
MUST_USE struct stream_parcel *stream_detach(struct stream *s);
/* Takes the parcel over. */
MUST_USE struct stream *stream_adopt(
    struct loop *l, struct stream_parcel *p, const struct stream_handlers *h, void *owner);
void stream_parcel_drop(struct stream_parcel *p);

#endif
