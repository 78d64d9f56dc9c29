/* SPDX-License-Identifier: MIT */
/*
 * ws_frame: the frames that a server sends (RFC 6455 section 5).
 */
#include "ws_frame.h"

#include <string.h>

#include "base/bytes.h"

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
ws_frame_new(enum ws_opcode opcode, bool compressed, struct str payload)
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
ws_frame_new_close(unsigned code)
{
    const char payload[2] = { (char)(code >> 8 & 0xff), (char)(code & 0xff) };
    return ws_frame_new(WS_CLOSE, false, str_slice(payload, code == WS_CODE_NONE ? 0 : 2));
}
