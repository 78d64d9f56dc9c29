/* SPDX-License-Identifier: MIT */
/*
 * ws_writer: the frames that a server sends (RFC 6455 section 5), and the end of a connection.
 */
#include "ws_writer.h"

#include <string.h>

#include "base/bytes.h"
#include "net/stream.h"

enum { FIN = 0x80, RSV1 = 0x40, LEN_16 = 126, LEN_64 = 127, HEAD_MAX = 10 };

static size_t
put_length(uint8_t *head, uint64_t len)
{
    if (len < LEN_16) {
        head[1] = (uint8_t)len;
        return 2;
    }
    size_t width = len <= UINT16_MAX ? 2 : 8;
    head[1] = width == 2 ? LEN_16 : LEN_64;
    for (size_t i = 0; i < width; i++)
        head[2 + i] = (uint8_t)(len >> (8 * (width - 1 - i)));
    return 2 + width;
}

struct bytes *
ws_writer_frame(enum ws_opcode opcode, bool compressed, struct str payload)
{
    uint8_t head[HEAD_MAX];
    head[0] = (uint8_t)(FIN | (compressed ? RSV1 : 0) | (unsigned)opcode);
    size_t head_len = put_length(head, payload.len);

    struct bytes *frame = bytes_alloc(head_len + payload.len);
    memcpy(frame->data, head, head_len);
    if (payload.len > 0)
        memcpy(frame->data + head_len, payload.data, payload.len);
    return frame;
}

struct bytes *
ws_writer_close_frame(unsigned code)
{
    const char payload[2] = { (char)(code >> 8 & 0xff), (char)(code & 0xff) };
    return ws_writer_frame(WS_CLOSE, false, str_slice(payload, code == WS_CODE_NONE ? 0 : 2));
}

/* ---- onto a stream ---- */

/* What one turn gathers does not make a peer slow: a burst is offered to the kernel first. */
static bool
is_slow(struct stream *s, size_t more_bytes, size_t limit_bytes)
{
    size_t waiting;

    if (stream_cost(s) + more_bytes <= limit_bytes)
        return false;
    stream_flush(s);
    waiting = stream_cost(s);
    return waiting > 0 && waiting + more_bytes > limit_bytes;
}

bool
ws_writer_queue(struct stream *s, struct bytes *frame, size_t limit_bytes)
{
    if (is_slow(s, frame->len, limit_bytes))
        return false;
    stream_send(s, frame); /* the limit above is what bounds the queue, not the high mark */
    return true;
}

static void
parted_on_data(void *owner, const char *data, size_t len)
{
    (void)owner, (void)data, (void)len;
}

static void
parted_on_end(void *owner, enum stream_end why)
{
    (void)owner, (void)why;
}

static const struct stream_handlers parted = { .on_data = parted_on_data, .on_end = parted_on_end };

void
ws_writer_part(struct stream *s)
{
    stream_attach(s, &parted, NULL);
    stream_finish(s);
}

void
ws_writer_goodbye(struct stream *s, unsigned code)
{
    struct bytes *frame = ws_writer_close_frame(code);

    stream_send(s, frame);
    bytes_unref(frame);
    ws_writer_part(s);
}

void
ws_writer_drop(struct stream *s)
{
    stream_attach(s, &parted, NULL);
    stream_close(s, STREAM_END_LOCAL);
}
