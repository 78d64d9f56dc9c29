/* SPDX-License-Identifier: MIT */
/*
 * stream, for the files of net: the object, and the table by which plain and TLS differ.
 *
 *   on_poll -> recv into the loop's buffer -> ops->read -> stream_deliver -> on_data
 *   stream_send -> queue ... end of the turn: ops->flush -> the socket
 */
#ifndef NET_STREAM_PRIV_H
#define NET_STREAM_PRIV_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"
#include "stream_queue_priv.h"

struct stream_tls;

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
 * DETACHED   the socket and the TLS state are gone into a parcel; no on_end.
 */
enum stream_state {
    STREAM_OPEN,
    STREAM_FINISHING,
    STREAM_LINGERING,
    STREAM_CLOSED,
    STREAM_DETACHED,
};

enum stream_flush {
    STREAM_FLUSH_DONE,    /* the queue is empty */
    STREAM_FLUSH_BLOCKED, /* the kernel takes no more now */
    STREAM_FLUSH_WAITING, /* the peer has to say something first (TLS handshake) */
    STREAM_FLUSH_FAILED,
};

struct stream_ops {
    /* Bytes came in. */
    void (*read)(struct stream *s, const char *data, size_t len);
    /* Go on with input that stream_pause() held up; NULL: there is never any. */
    void (*replay)(struct stream *s);
    /* Write the queue. */
    enum stream_flush (*flush)(struct stream *s);
    /* Tell the peer that no more follows, before the socket says so; NULL: nothing to tell. */
    enum stream_flush (*farewell)(struct stream *s);
};

/* Owned by its loop; freed at the end of the turn in which it leaves it. */
struct stream {
    /* What a broadcast touches lies in the first 128 bytes: stream_prefetch(). */
    struct list dirty; /* in the loop's list when the end of the turn has to look at it */
    struct stream_queue queue;
    struct loop *loop;
    struct stream_tls *tls; /* NULL: plain */
    const struct stream_ops *ops;
    int fd;
    uint8_t state;    /* enum stream_state */
    uint8_t why;      /* enum stream_end, once it is finishing or closed */
    uint8_t watched;  /* READINESS_* */
    bool paused : 1;  /* by stream_pause() */
    bool stalled : 1; /* paused, and there is something to read */
    bool ended : 1;   /* the peer finished sending */
    bool full : 1;    /* stream_send() returned false: on_drain is owed */
    bool blocked : 1; /* the kernel refused bytes: wait until it takes more */
    bool local : 1;   /* a Unix socket */
    const struct stream_handlers *handlers;
    void *owner;
    uint64_t bytes_in, bytes_out;
    struct timer limit; /* handshake, finish or linger */
    struct in6_addr peer;
    struct loop *home; /* which accepted it, and counts it to its end; NULL: it was connected */
};

/* Takes fd over (non-blocking, connected). */
struct stream *stream_new(struct loop *l, int fd, const struct sockaddr *peer);
/* It came in by a listener of its loop, which counts it to its end. */
void stream_accepted(struct stream *s);
/* Look at s at the end of the turn. */
void stream_touch(struct stream *s);
/* Hand decrypted or plain bytes up; the caller looks at the state again afterwards. */
void stream_deliver(struct stream *s, const char *data, size_t len);
/* The peer sends no more: what is queued is written still, then the stream ends. */
void stream_input_ended(struct stream *s);

/* Whom accept(2) or connect(2) was about. */
void stream_peer_note(struct stream *s, const struct sockaddr *peer);

enum stream_flush stream_plain_flush(struct stream *s);

#endif
