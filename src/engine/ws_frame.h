/* SPDX-License-Identifier: MIT */
/*
 * ws_frame: the frames that a server sends (RFC 6455 section 5): unmasked and in one piece, so the
 * same bytes serve every receiver.  Pure.
 */
#ifndef ENGINE_WS_FRAME_H
#define ENGINE_WS_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct bytes;

enum ws_opcode {
    WS_CONTINUATION = 0x0,
    WS_TEXT = 0x1,
    WS_BINARY = 0x2,
    WS_CLOSE = 0x8,
    WS_PING = 0x9,
    WS_PONG = 0xa,
};

enum ws_code {
    WS_CODE_NONE = 0, /* a close frame without a code */
    WS_CODE_PROTOCOL = 1002,
    WS_CODE_NOT_UTF8 = 1007,
    WS_CODE_TOO_LARGE = 1009,
};

/* A whole message; held once by the caller.  compressed sets RSV1 (RFC 7692). */
struct bytes *ws_frame_new(enum ws_opcode opcode, bool compressed, struct str payload);
/* A close frame; WS_CODE_NONE makes an empty one. */
struct bytes *ws_frame_new_close(unsigned code);

#endif
