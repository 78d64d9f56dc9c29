/* SPDX-License-Identifier: MIT */
/*
 * deflate_fuzz: any bytes as a compressed WebSocket message, within a limit; and any bytes through
 * compression and back.
 */
#include "base/buffer.h"
#include "base/ensure.h"
#include "fuzz.h"
#include "wire/deflate.h"

enum { LIMIT_BYTES = 100000, OVERSHOOT_BYTES = 16384 };

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str in = str_slice((const char *)data, size);
    struct buffer out = { 0 }, packed = { 0 };
    enum deflate_result result = deflate_inflate_raw(in, LIMIT_BYTES, &out);

    ENSURE(result != DEFLATE_OK || out.len <= LIMIT_BYTES);
    ENSURE(out.len <= LIMIT_BYTES + OVERSHOOT_BYTES);
    buffer_clear(&out);
    deflate_compress(DEFLATE_RAW, in, &packed);
    result = deflate_inflate_raw(buffer_str(&packed), size, &out);
    ENSURE(result == DEFLATE_OK && str_equal(buffer_str(&out), in));
    buffer_fini(&out);
    buffer_fini(&packed);
    return 0;
}
