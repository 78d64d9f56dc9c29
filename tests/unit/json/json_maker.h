/* SPDX-License-Identifier: MIT */
/*
 * json_maker: random JSON texts of every kind, and texts that are nearly JSON.
 */
#ifndef UNIT_WIRE_JSON_MAKER_H
#define UNIT_WIRE_JSON_MAKER_H

#include "base/text.h"

static inline unsigned
json_maker_pick(uint64_t *seed, unsigned bound)
{
    return (unsigned)(text_random(seed) >> 11) % bound;
}

static inline void
json_maker_space(uint64_t *seed, struct buffer *out)
{
    while (json_maker_pick(seed, 8) == 0)
        buffer_append_char(out, " \t\r\n"[json_maker_pick(seed, 4)]);
}

static inline void
json_maker_string(uint64_t *seed, struct buffer *out)
{
    static const char *const pieces[] = { "a", "key", "plain text, longer than a word", "\\/",
        "\\\"", "\\\\", "\\n", "\\b", "\\u00e9", "\\u0041", "\\u0001", "\\u2028", "\\ud83d\\ude00",
        "\\uDBFF\\uDFFF", "\\u0022", "é", "€", "😀", "\x7f", "/", "\\u0000", "\\ud800", "\\udc00" };
    /* The last three stop jansson: seldom. */
    unsigned kinds = COUNT_OF(pieces) - (json_maker_pick(seed, 200) ? 3 : 0);

    buffer_append_char(out, '"');
    while (json_maker_pick(seed, 4))
        buffer_append_text(out, pieces[json_maker_pick(seed, kinds)]);
    buffer_append_char(out, '"');
}

static inline void
json_maker_number(uint64_t *seed, struct buffer *out)
{
    static const char *const numbers[] = { "0", "-0", "1", "-17", "3.25", "0.1", "1e5", "-2.5E-3",
        "1E+2", "9007199254740993", "123456789012", "-0.0", "12345678901234567890", "1e400" };

    buffer_append_text(out,
        numbers[json_maker_pick(seed, COUNT_OF(numbers) - (json_maker_pick(seed, 200) ? 2 : 0))]);
}

static inline void
json_maker_value(uint64_t *seed, unsigned depth, struct buffer *out)
{
    static const char *const words[] = { "null", "true", "false", "[]", "{}" };
    unsigned kind = json_maker_pick(seed, depth > 0 ? 7 : 3);
    unsigned items = kind < 3 ? 0 : json_maker_pick(seed, 5);

    json_maker_space(seed, out);
    if (kind == 0) {
        buffer_append_text(out, words[json_maker_pick(seed, COUNT_OF(words))]);
    } else if (kind == 1) {
        json_maker_number(seed, out);
    } else if (kind == 2) {
        json_maker_string(seed, out);
    } else {
        buffer_append_char(out, kind < 5 ? '[' : '{');
        for (unsigned i = 0; i < items; i++) {
            if (i > 0)
                buffer_append_char(out, ',');
            json_maker_space(seed, out);
            if (kind >= 5) {
                json_maker_string(seed, out);
                json_maker_space(seed, out);
                buffer_append_char(out, ':');
            }
            json_maker_value(seed, depth - 1, out);
        }
        buffer_append_char(out, kind < 5 ? ']' : '}');
    }
    json_maker_space(seed, out);
}

/* Change a byte (not to NUL, which jansson skips behind a number), drop a run, repeat a run: one of
 * them. */
static inline void
json_maker_damage(uint64_t *seed, struct buffer *text)
{
    static const char bytes[] =
        "\"\\{}[]:,0123456789.eE+-truefalsn \n\x01\x1f\x80\xbf\xc3\xe2\xed\xf0\xff";
    size_t at, len;

    if (text->len == 0)
        return;
    at = json_maker_pick(seed, (unsigned)text->len);
    len = json_maker_pick(seed, 8) + 1;
    if (len > text->len - at)
        len = text->len - at;
    switch (json_maker_pick(seed, 4)) {
    case 0:
        memmove(text->data + at, text->data + at + len, text->len - at - len);
        text->len -= len;
        return;
    case 1:
        buffer_reserve(text, len);
        memmove(text->data + at + len, text->data + at, text->len - at);
        text->len += len;
        return;
    default:
        text->data[at] = bytes[json_maker_pick(seed, sizeof(bytes) - 1)];
        return;
    }
}

#endif
