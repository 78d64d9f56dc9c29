/* SPDX-License-Identifier: MIT */
/*
 * deflate: the three uses of zlib: gzip and deflate bodies of polling, and permessage-deflate
 * (RFC 7692) without context take-over in either direction, so that one compression serves every
 * receiver.  Pure; a call allocates and frees zlib's state.
 */
#ifndef WIRE_DEFLATE_H
#define WIRE_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;

enum deflate_format { DEFLATE_GZIP, DEFLATE_ZLIB, DEFLATE_RAW };

/* Append the compressed form.  RAW is a permessage-deflate payload: no 00 00 FF FF at its end. */
void deflate_compress(enum deflate_format format, struct str in, struct buffer *out);

enum deflate_result { DEFLATE_OK, DEFLATE_BAD, DEFLATE_TOO_LARGE };

/* Inflate a permessage-deflate payload, to at most limit bytes. */
MUST_USE enum deflate_result deflate_inflate_raw(struct str in, size_t limit, struct buffer *out);

#endif
