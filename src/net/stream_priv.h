/* SPDX-License-Identifier: MIT */
/*
 * stream, for the files of net: the object.  What those below it need is in net/stream_ops.h.
 *
 *   on_ready -> recv into the loop's buffer -> ops->read -> stream_ops_deliver -> on_data
 *   stream_send -> queue ... end of the turn: ops->flush -> the socket
 */
#ifndef NET_STREAM_PRIV_H
#define NET_STREAM_PRIV_H

#include <sys/socket.h>
#include <sys/uio.h>

#include "base/address.h"
#include "base/str.h"
#include "loop_priv.h"
#include "net/stream.h"
#include "net/stream_ops.h"
#include "net/timer.h"

struct share;

enum { STREAM_QUEUE_INLINE = 4 };

/*
 * The bytes that a stream has yet to write, in order, by reference.  A few slots are part of the
 * stream; a longer queue takes a ring from the heap and gives it back when it has drained, so that
 * an idle stream owns nothing.  No element is empty, and one that was written is gone: the queue
 * is empty exactly when total_bytes is 0.
 */
struct stream_queue {
    size_t total_bytes; /* left to write */
    size_t taken;       /* bytes of the first element that were written already */
    uint32_t head, count, capacity;
    uint32_t counted; /* bytes of the ring that a budget counts */
    union {
        struct bytes *slots[STREAM_QUEUE_INLINE];
        struct bytes **ring; /* with a larger capacity */
    } in;
};

void stream_queue_init(struct stream_queue *q);
void stream_queue_fini(struct stream_queue *q);
/* Takes the caller's reference. */
void stream_queue_push(struct stream_queue *q, struct bytes *b);
/* Where what is left of the first element begins. */
const char *stream_queue_first(const struct stream_queue *q);
/* The first elements, at most max; returns how many. */
unsigned stream_queue_gather(const struct stream_queue *q, struct iovec *out, unsigned max);
/* The first bytes of the queue, in one piece: borrowed, or copied to room. */
struct str stream_queue_join(const struct stream_queue *q, char *room, size_t size);
/* Its ring counts against b from now on, as long as it is: of a queue that the kernel holds up. */
void stream_queue_account(struct stream_queue *q, struct budget *b);
/* What would be free without it: of bytes that others hold as well, its part. */
size_t stream_queue_weight(const struct stream_queue *q);
/* The first len bytes were written. */
void stream_queue_take(struct stream_queue *q, size_t len);

/* Where a stream comes from; it stays so wherever the stream is moved. */
struct stream_origin {
    bool local; /* a Unix socket */
    struct address peer;
    struct loop *home;   /* which accepted it, and counts it to its end; NULL: it was connected */
    struct share *share; /* who holds it of what home may accept; NULL: nobody */
};

/*
 * OPEN ------finish, end of input------> FINISHING ---all sent---> LINGERING
 *   |                                        |                         |
 *   |`---close---------------------------> CLOSED <--------------------'
 *   `----detach--> DETACHED
 *
 * OPEN       bytes go both ways.
 * FINISHING  the queue is still written; what arrives is read and discarded.
 * LINGERING  our side is shut; what arrives is discarded until the peer shuts its own.
 * CLOSED     the socket is closed; on_end comes at the end of the turn.
 * DETACHED   the socket and the state of ops are gone into a parcel; no on_end.
 *
 * Before CLOSED the stream has its socket and is counted by its loop; from then on it is in none of
 * the loop's lists.  limit runs in FINISHING and LINGERING, and in OPEN during a handshake.
 */
enum stream_state {
    STREAM_OPEN,
    STREAM_FINISHING,
    STREAM_LINGERING,
    STREAM_CLOSED,
    STREAM_DETACHED,
};

/* Owned by its loop; freed at the end of the turn in which it leaves it. */
struct stream {
    /* What a broadcast touches lies in the first 128 bytes: stream_prefetch(). */
    struct list dirty; /* in the loop's list when the end of the turn has to look at it */
    struct stream_queue queue;
    struct loop *loop;
    void *ops_state; /* NULL: plain */
    const struct stream_ops *ops;
    int fd;
    uint8_t state;    /* enum stream_state */
    uint8_t why;      /* enum stream_end, once it is finishing or closed */
    uint8_t watched;  /* LOOP_* */
    bool paused : 1;  /* by stream_pause() */
    bool stalled : 1; /* paused, and there is something to read */
    bool ended : 1;   /* the peer finished sending */
    bool full : 1;    /* stream_send() returned false: on_drain is owed */
    bool blocked : 1; /* the kernel refused bytes: wait until it takes more */
    const struct stream_handlers *handlers;
    void *owner;
    uint64_t bytes_in, bytes_out;
    struct timer limit; /* handshake, finish or linger */
    struct stream_origin origin;
};

/* What goes from one loop to another; whoever has it owns it. */
struct stream_parcel {
    const struct stream_ops *ops;
    void *ops_state;
    uint64_t bytes_in, bytes_out;
    int fd;
    struct stream_origin origin;
};

/* What a state of ops takes besides: OpenSSL's memory for a connection. */
enum { STREAM_STATE_BYTES = 16384 };

/* What it takes without its queue. */
static inline size_t
stream_size(const struct stream *s)
{
    return sizeof(*s) + (s->ops_state ? STREAM_STATE_BYTES : 0);
}

/* NULL: it is another's from now on. */
static inline void
stream_set_state(struct stream *s, void *ops_state)
{
    size_t before = stream_size(s);

    s->ops_state = ops_state;
    budget_change(&s->loop->budget, before, stream_size(s));
}

/* Takes fd over (non-blocking, connected). */
struct stream *stream_new(struct loop *l, int fd, const struct sockaddr *peer);
/* It came in by a listener of its loop, which counts it to its end. */
void stream_accepted(struct stream *s);
/* Look at s at the end of the turn. */
static inline void
stream_touch(struct stream *s)
{
    if (s->state < STREAM_CLOSED && list_empty(&s->dirty))
        list_append(&s->loop->dirty, &s->dirty);
}

/* ops->flush of a plain stream. */
enum stream_flush stream_ops_flush_plain(struct stream *s);

#endif
