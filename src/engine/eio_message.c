/* SPDX-License-Identifier: MIT */
/*
 * eio_message: one text message and the forms it takes on the wire.
 */
#include "engine/eio_message.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "eio_message_priv.h"
#include "wire/deflate.h"
#include "ws_writer.h"

/* The text may be another thread's as well, and counts here like a copy. */
static size_t
message_cost(const struct eio_message *m)
{
    return sizeof(*m) + m->text->len;
}

struct eio_message *
eio_message_new(struct budget *budget, struct bytes *text)
{
    struct eio_message *m = mem_zalloc(sizeof(*m));
    m->holders = 1;
    m->budget = budget;
    m->text = bytes_ref(text);
    if (budget)
        budget_take(budget, message_cost(m));
    return m;
}

struct eio_message *
eio_message_of(const char *text)
{
    struct bytes *b = bytes_new(text, strlen(text));
    struct eio_message *m = eio_message_new(NULL, b);
    bytes_unref(b);
    return m;
}

struct eio_message *
eio_message_hold(struct eio_message *m)
{
    m->holders++;
    return m;
}

void
eio_message_release(struct eio_message *m)
{
    if (m == NULL)
        return;
    ENSURE(m->holders > 0);
    if (--m->holders > 0)
        return;
    if (m->budget)
        budget_give(m->budget, message_cost(m));
    bytes_unref(m->text);
    bytes_unref(m->frame);
    bytes_unref(m->deflated);
    bytes_unref(m->packet3);
    free(m);
}

/* Compressed where it is long enough, and shorter for it. */
static struct bytes *
frame_of(struct str packet, size_t threshold)
{
    struct buffer packed = { 0 };
    struct bytes *frame;

    if (packet.len >= threshold)
        deflate_compress(DEFLATE_RAW, packet, &packed);
    frame = packed.len > 0 && packed.len < packet.len
                ? ws_writer_frame(WS_TEXT, true, buffer_str(&packed))
                : ws_writer_frame(WS_TEXT, false, packet);
    buffer_fini(&packed);
    return frame;
}

/* A frame a packet, all in one piece. */
static struct bytes *
frames_of(struct str text, size_t threshold)
{
    struct str rest, packet = str_cut(text, EIO_SEPARATOR, &rest);
    struct bytes *frame = frame_of(packet, threshold);
    struct buffer all = { 0 };

    if (packet.len == text.len)
        return frame;
    buffer_append_str(&all, bytes_str(frame));
    while (rest.len > 0) {
        bytes_unref(frame);
        packet = str_cut(rest, EIO_SEPARATOR, &rest);
        frame = frame_of(packet, threshold);
        buffer_append_str(&all, bytes_str(frame));
    }
    bytes_unref(frame);
    frame = buffer_to_bytes(&all);
    buffer_fini(&all);
    return frame;
}

struct bytes *
eio_message_make_frame(struct eio_message *m)
{
    ENSURE(!m->frame);
    m->frame = bytes_count(frames_of(bytes_str(m->text), SIZE_MAX), m->budget);
    return m->frame;
}

struct bytes *
eio_message_make_deflated(struct eio_message *m, size_t threshold)
{
    bool pays = m->text->len >= threshold;

    ENSURE(!m->deflated);
    m->deflated = pays ? bytes_count(frames_of(bytes_str(m->text), threshold), m->budget)
                       : bytes_ref(eio_message_frame(m));
    return m->deflated;
}

void
eio_message_append(struct eio_message *m, enum eio_version v, struct buffer *out)
{
    struct str rest = bytes_str(m->text);
    struct buffer all = { 0 };

    if (v != EIO_3) {
        eio_payload_append_text(v, false, rest, out);
        return;
    }
    /* Its prefix counts UTF-16 units: the text is walked once, not once a receiver. */
    while (!m->packet3 && rest.len > 0) {
        struct str packet = str_cut(rest, EIO_SEPARATOR, &rest);
        eio_payload_append_text(EIO_3, false, packet, &all);
    }
    if (!m->packet3)
        m->packet3 = bytes_count(buffer_to_bytes(&all), m->budget);
    buffer_fini(&all);
    buffer_append_str(out, bytes_str(m->packet3));
}
