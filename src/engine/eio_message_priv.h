/* SPDX-License-Identifier: MIT */
/*
 * eio_message, as the transports see it: the forms on the wire, each made on first need.
 */
#ifndef ENGINE_EIO_MESSAGE_PRIV_H
#define ENGINE_EIO_MESSAGE_PRIV_H

#include <stddef.h>

#include "base/bytes.h"
#include "engine/eio_message.h"
#include "wire/eio_packet.h"

struct buffer;

/* Freed with its last holder; a form that was made stays as it is until then. */
struct eio_message {
    unsigned holders;
    struct budget *budget; /* NULL: not counted */
    struct bytes *text;
    struct bytes *frame;    /* a WebSocket text frame; NULL: not needed yet, as all below */
    struct bytes *deflated; /* the same compressed, or frame again where that does not pay */
    struct bytes *packet3;  /* "<UTF-16 length>:<packet>" each, polling of Engine.IO 3 */
};

/* A message of a fixed text. */
struct eio_message *eio_message_of(const char *text);

struct bytes *eio_message_make_frame(struct eio_message *m);
struct bytes *eio_message_make_deflated(struct eio_message *m, size_t threshold);

/* Borrowed from m, as every form. */
static inline struct bytes *
eio_message_frame(struct eio_message *m)
{
    return m->frame ? m->frame : eio_message_make_frame(m);
}

/* Messages shorter than threshold are not compressed. */
static inline struct bytes *
eio_message_deflated(struct eio_message *m, size_t threshold)
{
    return m->deflated ? m->deflated : eio_message_make_deflated(m, threshold);
}

/* Append to a polling body (eio_payload_append_text() says what out must be). */
void eio_message_append(struct eio_message *m, enum eio_version v, struct buffer *out);

#endif
