/* SPDX-License-Identifier: MIT */
/*
 * frame: WebSocket frames, as a server sends them and as a client does.
 */
#ifndef LOAD_FRAME_H
#define LOAD_FRAME_H

#include <stdbool.h>
#include <stddef.h>

enum frame_kind { FRAME_TEXT = 1, FRAME_CLOSE = 8, FRAME_PING = 9 };

enum frame_limit { FRAME_HEAD_SIZE = 14 };

struct frame {
    unsigned opcode;
    bool compressed;
    const char *data;
    size_t len;
};

/* The frame that data begins with: gives its whole length, or 0 while it is not whole. */
size_t frame_split(struct frame *f, const char *data, size_t len);
/* The head of a final frame in out (FRAME_HEAD_SIZE): gives its length.  A mask is all zeros. */
size_t frame_head(char *out, enum frame_kind kind, size_t len, bool masked);

#endif
