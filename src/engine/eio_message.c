/* SPDX-License-Identifier: MIT */
/*
 * eio_message: one text message and the forms it takes on the wire.
 */
#include "engine/eio_message.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "eio_message_priv.h"
#include "wire/deflate.h"
#include "ws_frame.h"

struct eio_message *
eio_message_new(struct bytes *text)
{
    struct eio_message *m = mem_zalloc(sizeof(*m));
    m->holders = 1;
    m->text = bytes_ref(text);
    return m;
}

struct eio_message *
eio_message_of(const char *text)
{
    struct bytes *b = bytes_new(text, strlen(text));
    struct eio_message *m = eio_message_new(b);
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
    bytes_unref(m->text);
    bytes_unref(m->frame);
    bytes_unref(m->deflated);
    bytes_unref(m->packet3);
    free(m);
}

struct bytes *
eio_message_make_frame(struct eio_message *m)
{
    m->frame = ws_frame_new(WS_TEXT, false, bytes_str(m->text));
    return m->frame;
}

struct bytes *
eio_message_make_deflated(struct eio_message *m, size_t threshold)
{
    struct bytes *plain = eio_message_frame(m);
    if (m->text->len < threshold) {
        m->deflated = bytes_ref(plain);
        return m->deflated;
    }
    struct buffer packed;
    buffer_init(&packed);
    deflate_compress(DEFLATE_RAW, bytes_str(m->text), &packed);
    m->deflated = packed.len < m->text->len ? ws_frame_new(WS_TEXT, true, buffer_str(&packed))
                                            : bytes_ref(plain);
    buffer_fini(&packed);
    return m->deflated;
}

size_t
eio_message_len(const struct eio_message *m)
{
    return m->text->len;
}

/* The prefix of Engine.IO 3 counts UTF-16 units: the text is walked once, not once a receiver. */
static struct bytes *
packet3(struct eio_message *m)
{
    if (m->packet3 == NULL) {
        struct buffer out;
        buffer_init(&out);
        eio_payload_append_text(EIO_3, false, bytes_str(m->text), &out);
        m->packet3 = buffer_to_bytes(&out);
        buffer_fini(&out);
    }
    return m->packet3;
}

void
eio_message_append(struct eio_message *m, enum eio_version v, struct buffer *out)
{
    if (v == EIO_3)
        buffer_append_str(out, bytes_str(packet3(m)));
    else
        eio_payload_append_text(v, false, bytes_str(m->text), out);
}
