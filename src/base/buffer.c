/* SPDX-License-Identifier: MIT */
/*
 * buffer: bytes that grow at the end.
 */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"

enum { FIRST_CAPACITY = 64 };

void
buffer_init(struct buffer *b)
{
    *b = (struct buffer){ 0 };
}

void
buffer_fini(struct buffer *b)
{
    free(b->data);
    buffer_init(b);
}

void
buffer_clear(struct buffer *b)
{
    b->len = 0;
}

char *
buffer_reserve(struct buffer *b, size_t extra)
{
    size_t needed, capacity;

    ENSURE(!__builtin_add_overflow(b->len, extra, &needed));
    if (needed <= b->capacity && b->data)
        return b->data + b->len;
    capacity = b->capacity + b->capacity / 2;
    if (capacity < needed)
        capacity = needed;
    if (capacity < FIRST_CAPACITY)
        capacity = FIRST_CAPACITY;
    b->data = mem_resize(b->data, capacity, 1);
    b->capacity = capacity;
    return b->data + b->len;
}

void
buffer_append(struct buffer *b, const char *data, size_t len)
{
    if (len == 0)
        return;
    memcpy(buffer_reserve(b, len), data, len);
    b->len += len;
}

void
buffer_append_str(struct buffer *b, struct str s)
{
    buffer_append(b, s.data, s.len);
}

void
buffer_append_text(struct buffer *b, const char *text)
{
    buffer_append(b, text, strlen(text));
}

void
buffer_append_char(struct buffer *b, char c)
{
    *buffer_reserve(b, 1) = c;
    b->len++;
}

void
buffer_append_u64(struct buffer *b, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    buffer_append(b, digits + at, sizeof(digits) - at);
}

void
buffer_printf(struct buffer *b, const char *format, ...)
{
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    ENSURE(len >= 0);
    buffer_reserve(b, (size_t)len + 1);
    va_start(args, format);
    vsnprintf(b->data + b->len, (size_t)len + 1, format, args);
    va_end(args);
    b->len += (size_t)len;
}

void
buffer_consume(struct buffer *b, size_t n)
{
    ENSURE(n <= b->len);
    b->len -= n;
    if (b->len > 0 && n > 0)
        memmove(b->data, b->data + n, b->len);
}

struct str
buffer_str(const struct buffer *b)
{
    return str_slice(b->data, b->len);
}

struct bytes *
buffer_to_bytes(struct buffer *b)
{
    struct bytes *copy = bytes_new(b->data, b->len);

    buffer_clear(b);
    return copy;
}
