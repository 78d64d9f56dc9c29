/* SPDX-License-Identifier: MIT */
/*
 * buffer: bytes that grow at the end.  Owned by whoever embeds it; not shared between threads.
 */
#ifndef BASE_BUFFER_H
#define BASE_BUFFER_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"

struct bytes;

/* All zero is an empty buffer. */
struct buffer {
    char *data;
    size_t len;
    size_t capacity;
};

void buffer_init(struct buffer *b);
/* Frees the content and leaves an empty buffer. */
void buffer_fini(struct buffer *b);
void buffer_clear(struct buffer *b);
/* Room for at least extra more bytes after len; returns where they begin. */
char *buffer_reserve(struct buffer *b, size_t extra);
void buffer_append(struct buffer *b, const char *data, size_t len);
void buffer_append_str(struct buffer *b, struct str s);
void buffer_append_text(struct buffer *b, const char *text);
void buffer_append_char(struct buffer *b, char c);
void buffer_append_u64(struct buffer *b, uint64_t value);
void buffer_printf(struct buffer *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* Forget the first n bytes. */
void buffer_consume(struct buffer *b, size_t n);
struct str buffer_str(const struct buffer *b);
/* A copy as bytes; the buffer is emptied and keeps its memory. */
struct bytes *buffer_to_bytes(struct buffer *b);

#endif
