/* SPDX-License-Identifier: MIT */
/*
 * stream_plain: bytes as they are: gathered writes straight from the queue.
 */
#include "stream_priv.h"

#include <errno.h>

enum { GATHER_MAX = 64 };

/* One system call; a single element goes by send(2), which costs a little less than sendmsg(2). */
static ssize_t
write_some(struct stream *s, size_t *offered)
{
    struct iovec parts[GATHER_MAX];
    struct msghdr message = { .msg_iov = parts };
    unsigned count = stream_queue_gather(&s->queue, parts, GATHER_MAX);

    *offered = 0;
    for (unsigned i = 0; i < count; i++)
        *offered += parts[i].iov_len;
    if (count == 1)
        return send(s->fd, parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
    message.msg_iovlen = count;
    return sendmsg(s->fd, &message, MSG_NOSIGNAL);
}

enum stream_flush
stream_plain_flush(struct stream *s)
{
    while (s->queue.count > 0) {
        size_t offered;
        ssize_t written = write_some(s, &offered);

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
