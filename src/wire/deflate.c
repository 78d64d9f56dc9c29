/* SPDX-License-Identifier: MIT */
/*
 * deflate: zlib, one stream a call.
 */
#include "wire/deflate.h"

#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"
#include "base/ensure.h"

enum { STEP_BYTES = 16384, TAIL_BYTES = 4 };

/* The bit of z_stream.data_type that says that inflate() stopped between two blocks. */
enum { AT_BLOCK_END = 128 };

static const char tail[TAIL_BYTES] = { '\x00', '\x00', '\xff', '\xff' };

/* By format, as zlib expects it. */
static const int window_bits[] = {
    [DEFLATE_GZIP] = MAX_WBITS + 16,
    [DEFLATE_ZLIB] = MAX_WBITS,
    [DEFLATE_RAW] = -MAX_WBITS,
};

static void
deflate_begin(z_stream *z, struct str in)
{
    memset(z, 0, sizeof(*z));
    ENSURE(in.len <= INT32_MAX);
    z->next_in = (Bytef *)(uintptr_t)in.data;
    z->avail_in = (uInt)in.len;
}

void
deflate_compress(enum deflate_format format, struct str in, struct buffer *out)
{
    int flush = format == DEFLATE_RAW ? Z_SYNC_FLUSH : Z_FINISH;
    size_t bound;
    z_stream z;

    deflate_begin(&z, in);
    ENSURE(deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits[format], 8,
               Z_DEFAULT_STRATEGY) == Z_OK);
    bound = deflateBound(&z, (uLong)in.len) + STEP_BYTES;
    z.next_out = (Bytef *)buffer_reserve(out, bound);
    z.avail_out = (uInt)bound;
    ENSURE(deflate(&z, flush) == (flush == Z_FINISH ? Z_STREAM_END : Z_OK));
    ENSURE(z.avail_in == 0 && z.avail_out > 0);
    out->len += bound - z.avail_out;
    deflateEnd(&z);
    /* RFC 7692, 7.2.1: the empty block at the end is not sent. */
    if (format == DEFLATE_RAW)
        out->len -= TAIL_BYTES;
}

/* Inflate what z holds; *written counts this call's bytes over all pieces.  *whole: a block ended
 * with the last byte, or the final one did (RFC 7692, 7.2.3.5, lets bytes follow that). */
static enum deflate_result
inflate_piece(z_stream *z, size_t limit, size_t *written, bool *whole, struct buffer *out)
{
    int result;

    do {
        size_t produced;

        z->next_out = (Bytef *)buffer_reserve(out, STEP_BYTES);
        z->avail_out = STEP_BYTES;
        result = inflate(z, Z_SYNC_FLUSH);
        if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
            return DEFLATE_BAD;
        produced = STEP_BYTES - z->avail_out;
        out->len += produced;
        *written += produced;
        if (*written > limit)
            return DEFLATE_TOO_LARGE;
    } while (z->avail_out == 0 && result != Z_STREAM_END);
    *whole = result == Z_STREAM_END || (z->avail_in == 0 && (z->data_type & AT_BLOCK_END));
    return DEFLATE_OK;
}

enum deflate_result
deflate_inflate_raw(struct str in, size_t limit, struct buffer *out)
{
    enum deflate_result result;
    size_t written = 0;
    bool whole = false;
    z_stream z;

    deflate_begin(&z, in);
    ENSURE(inflateInit2(&z, window_bits[DEFLATE_RAW]) == Z_OK);
    result = inflate_piece(&z, limit, &written, &whole, out);
    if (result == DEFLATE_OK) {
        z.next_in = (Bytef *)(uintptr_t)tail;
        z.avail_in = TAIL_BYTES;
        result = inflate_piece(&z, limit, &written, &whole, out);
    }
    inflateEnd(&z);
    return result == DEFLATE_OK && !whole ? DEFLATE_BAD : result;
}
