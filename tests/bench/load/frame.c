/* SPDX-License-Identifier: MIT */
#include "frame.h"

#include <stdint.h>
#include <string.h>

#include "die.h"

enum { FINAL = 0x80, COMPRESSED = 0x40, OPCODE = 0x0f, MASKED = 0x80, SHORT = 125 };

static size_t
big_endian(const unsigned char *p, unsigned count)
{
    size_t value = 0;
    for (unsigned i = 0; i < count; i++)
        value = value << 8 | p[i];
    return value;
}

size_t
frame_split(struct frame *f, const char *data, size_t len)
{
    const unsigned char *p = (const unsigned char *)data;
    if (len < 2)
        return 0;
    if (!(p[0] & FINAL) || (p[1] & MASKED))
        die("a frame that is masked or not final");
    unsigned extra = p[1] <= SHORT ? 0 : p[1] == 126 ? 2 : 8;
    if (len < 2 + extra)
        return 0;
    size_t body = extra == 0 ? p[1] : big_endian(p + 2, extra);
    size_t whole = 2 + extra + body;
    if (len < whole)
        return 0;
    *f = (struct frame){ .opcode = p[0] & OPCODE,
        .compressed = (p[0] & COMPRESSED) != 0,
        .data = data + 2 + extra,
        .len = body };
    return whole;
}

size_t
frame_head(char *out, enum frame_kind kind, size_t len, bool masked)
{
    size_t at = 2;
    unsigned mask = masked ? MASKED : 0;

    out[0] = (char)(FINAL | (unsigned)kind);
    if (len <= SHORT) {
        out[1] = (char)(mask | len);
    } else if (len <= UINT16_MAX) {
        out[1] = (char)(mask | 126);
        out[at++] = (char)(len >> 8);
        out[at++] = (char)len;
    } else {
        out[1] = (char)(mask | 127);
        for (int shift = 56; shift >= 0; shift -= 8)
            out[at++] = (char)((uint64_t)len >> shift);
    }
    if (masked) {
        memset(out + at, 0, 4);
        at += 4;
    }
    return at;
}
