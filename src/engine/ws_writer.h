/* SPDX-License-Identifier: MIT */
/*
 * ws_writer: the frames that a server sends (RFC 6455 section 5): unmasked and in one piece, so the
 * same bytes serve every receiver.  It knows streams, but not sessions.
 */
#ifndef ENGINE_WS_WRITER_H
#define ENGINE_WS_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct bytes;
struct stream;

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
    WS_CODE_POLICY = 1008,
    WS_CODE_TOO_LARGE = 1009,
};

/* A whole message; held once by the caller.  compressed sets RSV1 (RFC 7692). */
struct bytes *ws_writer_frame(enum ws_opcode opcode, bool compressed, struct str payload);
/* A close frame; WS_CODE_NONE makes an empty one. */
struct bytes *ws_writer_close_frame(unsigned code);

/*
 * Queue a frame.  False, and it is not queued: the peer is slow, since more than limit_bytes would
 * wait even after the kernel took what it takes.  One frame alone is never too long.
 */
MUST_USE bool ws_writer_queue(struct stream *s, struct bytes *frame, size_t limit_bytes);

/* Let go of s: its events are ignored, and it closes once what is queued was sent ... */
void ws_writer_part(struct stream *s);
/* ... with a close frame at its end ... */
void ws_writer_goodbye(struct stream *s, unsigned code);
/* ... or at once. */
void ws_writer_drop(struct stream *s);

#endif
