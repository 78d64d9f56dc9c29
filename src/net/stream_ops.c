/* SPDX-License-Identifier: MIT */
/*
 * stream_ops: the socket and the queue, for plain streams and for those with other operations.
 */
#include "net/stream_ops.h"

#include <errno.h>

#include "base/ensure.h"
#include "stream_priv.h"

enum { GATHER_MAX = 64 };

/* Apart, so that a flush of one element, which is most of them, has no room for many. */
static __attribute__((noinline)) ssize_t
write_several(struct stream *s, size_t *offered)
{
    UNINITIALIZED struct iovec parts[GATHER_MAX]; /* those below count are written and read */
    unsigned count = stream_queue_gather(&s->queue, parts, GATHER_MAX);
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };

    *offered = 0;
    for (unsigned i = 0; i < count; i++)
        *offered += parts[i].iov_len;
    return sendmsg(s->fd, &message, MSG_NOSIGNAL);
}

/* A single element goes by send(2), which costs a little less than sendmsg(2). */
static ssize_t
write_queue(struct stream *s, size_t *offered)
{
    if (s->queue.count > 1)
        return write_several(s, offered);
    *offered = s->queue.total_bytes;
    return send(s->fd, stream_queue_first(&s->queue), *offered, MSG_NOSIGNAL);
}

enum stream_flush
stream_ops_flush_plain(struct stream *s)
{
    while (s->queue.count > 0) {
        size_t offered;
        ssize_t written = write_queue(s, &offered);

        if (written < 0) {
            if (errno == EINTR)
                continue;
            return errno == EAGAIN ? STREAM_FLUSH_BLOCKED : STREAM_FLUSH_FAILED;
        }
        s->bytes_out += (size_t)written;
        stream_queue_take(&s->queue, (size_t)written);
        if ((size_t)written < offered)
            return STREAM_FLUSH_BLOCKED;
    }
    return STREAM_FLUSH_DONE;
}

void
stream_ops_begin(struct stream *s, const struct stream_ops *ops, void *state, uint64_t limit_ms)
{
    ENSURE(s->state == STREAM_OPEN && !s->ops_state);
    s->ops = ops;
    stream_set_state(s, state);
    timer_start(s->loop, &s->limit, limit_ms);
    stream_touch(s);
}

void
stream_ops_ready(struct stream *s)
{
    if (s->state == STREAM_OPEN)
        timer_stop(&s->limit);
    stream_touch(s);
    if (s->handlers && s->handlers->on_ready)
        s->handlers->on_ready(s->owner);
}

void *
stream_ops_state(const struct stream *s)
{
    return s->ops_state;
}

bool
stream_ops_wants_input(const struct stream *s)
{
    return s->state <= STREAM_FINISHING && !s->paused && !s->ended;
}

bool
stream_ops_is_over(const struct stream *s)
{
    return s->state >= STREAM_CLOSED;
}

void
stream_ops_deliver(struct stream *s, const char *data, size_t len)
{
    if (s->state != STREAM_OPEN || !s->handlers)
        return;
    s->bytes_in += len;
    s->handlers->on_data(s->owner, data, len);
}

struct str
stream_ops_peek(const struct stream *s, char *room, size_t size)
{
    return s->queue.count > 0 ? stream_queue_join(&s->queue, room, size) : str_slice(room, 0);
}

void
stream_ops_take(struct stream *s, size_t len)
{
    s->bytes_out += len;
    stream_queue_take(&s->queue, len);
}

ssize_t
stream_ops_write(struct stream *s, const char *data, size_t len)
{
    ssize_t sent;

    ENSURE(s->state < STREAM_CLOSED);
    do
        sent = send(s->fd, data, len, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && errno == EAGAIN)
        sent = 0;
    s->blocked |= sent >= 0 && (size_t)sent < len;
    return sent;
}
