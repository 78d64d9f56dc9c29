/* SPDX-License-Identifier: MIT */
/*
 * eio_packet: one Engine.IO packet.  The bodies of polling are in eio_payload.c.
 */
#include "wire/eio_packet.h"

#include <stdint.h>

#include "base/buffer.h"
#include "base/digest.h"

static bool
type_of(char c, enum eio_type *type)
{
    if (c < '0' || c > '6')
        return false;
    *type = (enum eio_type)(c - '0');
    return true;
}

/* A base64 message: "b4AQID" in 3, where the type follows the b, and "bAQID" in 4. */
static bool
from_base64(enum eio_version v, struct str in, struct buffer *scratch, struct eio_packet *out)
{
    size_t head = v == EIO_3 ? 2 : 1, len;

    *out = (struct eio_packet){ .type = EIO_MESSAGE, .binary = true };
    if (in.len < head || (v == EIO_3 && !type_of(in.data[1], &out->type)))
        return false;
    buffer_clear(scratch);
    if (!digest_base64_decode(
            str_slice(in.data + head, in.len - head), buffer_reserve(scratch, in.len), &len))
        return false;
    out->data = str_slice(scratch->data, len);
    return true;
}

bool
eio_packet_from_text(
    enum eio_version v, struct str in, struct buffer *scratch, struct eio_packet *out)
{
    if (in.len == 0)
        return false;
    if (in.data[0] == 'b')
        return from_base64(v, in, scratch, out);
    *out = (struct eio_packet){ .data = str_slice(in.data + 1, in.len - 1) };
    return type_of(in.data[0], &out->type);
}

bool
eio_packet_from_binary(enum eio_version v, struct str in, struct eio_packet *out)
{
    *out = (struct eio_packet){ .type = EIO_MESSAGE, .binary = true, .data = in };
    if (v == EIO_4)
        return true;
    if (in.len == 0) {
        *out = (struct eio_packet){ .type = EIO_NOOP };
        return true;
    }
    if ((uint8_t)in.data[0] > EIO_NOOP)
        return false;
    out->type = (enum eio_type)in.data[0];
    out->data = str_slice(in.data + 1, in.len - 1);
    return true;
}
