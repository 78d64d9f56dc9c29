/* SPDX-License-Identifier: MIT */
/*
 * json_grammar: the grammar of RFC 8259, without recursion.
 */
#include "json_grammar.h"

#include <stdint.h>

#include "base/utf8.h"

/* One scan: where it stands, and which of the open containers are objects (a bit each). */
struct scan {
    const char *at, *end;
    uint64_t objects;
    unsigned depth;
    unsigned outside; /* the depth that the value at hand is at */
};

static void
skip_space(struct scan *s)
{
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' || *s->at == '\r' || *s->at == '\t'))
        s->at++;
}

static bool
take(struct scan *s, char c)
{
    if (s->at == s->end || *s->at != c)
        return false;
    s->at++;
    return true;
}

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_hex(char c)
{
    return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* After the backslash. */
static bool
take_escape(struct scan *s)
{
    if (s->at == s->end)
        return false;
    if (*s->at != 'u')
        return strchr("\"\\/bfnrt", *s->at++) != NULL && s->at[-1] != '\0';
    s->at++;
    for (int i = 0; i < 4; i++, s->at++)
        if (s->at == s->end || !is_hex(*s->at))
            return false;
    return true;
}

#define EACH_BYTE(byte) (0x0101010101010101u * (byte))

/* Whether some byte of the word is zero, and whether some byte is below 0x20. */
static bool
has_zero(uint64_t word)
{
    return (word - EACH_BYTE(0x01)) & ~word & EACH_BYTE(0x80);
}

static bool
has_control(uint64_t word)
{
    return (word - EACH_BYTE(0x20)) & ~word & EACH_BYTE(0x80);
}

/* To the next byte of a string that is not itself: quote, backslash, control character, or the
 * end.  Bits of *seen tell whether all of it was ASCII. */
static void
skip_plain(struct scan *s, uint64_t *seen)
{
    uint64_t word;

    while (s->end - s->at >= (ptrdiff_t)sizeof(word)) {
        memcpy(&word, s->at, sizeof(word));
        if (has_control(word) || has_zero(word ^ EACH_BYTE('"')) ||
            has_zero(word ^ EACH_BYTE('\\')))
            break;
        *seen |= word;
        s->at += sizeof(word);
    }
    while (s->at < s->end && (uint8_t)*s->at >= 0x20 && *s->at != '"' && *s->at != '\\')
        *seen |= (uint64_t)*s->at++;
}

/* From the opening quote to after the closing one. */
static bool
take_string(struct scan *s)
{
    const char *begin;
    uint64_t seen = 0;

    if (!take(s, '"'))
        return false;
    begin = s->at;
    for (;;) {
        skip_plain(s, &seen);
        if (take(s, '"'))
            return !(seen & EACH_BYTE(0x80)) ||
                   utf8_valid(str_slice(begin, (size_t)(s->at - 1 - begin)));
        if (!take(s, '\\') || !take_escape(s))
            return false;
    }
}

static bool
take_digits(struct scan *s)
{
    const char *begin = s->at;

    while (s->at < s->end && is_digit(*s->at))
        s->at++;
    return s->at > begin;
}

static bool
take_number(struct scan *s)
{
    (void)take(s, '-');
    if (!take(s, '0') && !take_digits(s))
        return false;
    if (take(s, '.') && !take_digits(s))
        return false;
    if (take(s, 'e') || take(s, 'E')) {
        if (!take(s, '+'))
            (void)take(s, '-');
        return take_digits(s);
    }
    return true;
}

static bool
take_word(struct scan *s, const char *word)
{
    size_t len = strlen(word);

    if ((size_t)(s->end - s->at) < len || memcmp(s->at, word, len) != 0)
        return false;
    s->at += len;
    return true;
}

static bool
take_scalar(struct scan *s)
{
    switch (*s->at) {
    case '"':
        return take_string(s);
    case 't':
        return take_word(s, "true");
    case 'f':
        return take_word(s, "false");
    case 'n':
        return take_word(s, "null");
    default:
        return take_number(s);
    }
}

static bool
in_object(const struct scan *s)
{
    return s->objects >> (s->depth - 1) & 1;
}

static bool
push(struct scan *s, bool object)
{
    if (s->depth == JSON_SCAN_DEPTH_MAX)
        return false;
    s->objects &= ~((uint64_t)1 << s->depth);
    s->objects |= (uint64_t)object << s->depth;
    s->depth++;
    s->at++;
    skip_space(s);
    return true;
}

static bool
take_key(struct scan *s)
{
    skip_space(s);
    if (!take_string(s))
        return false;
    skip_space(s);
    return take(s, ':');
}

/*
 * At the beginning of a value: take a scalar, or open a container.  *complete: a value ended here
 * (a scalar, or an empty container, which is closed at once).
 */
static bool
begin_value(struct scan *s, bool *complete)
{
    bool object;

    *complete = true;
    skip_space(s);
    if (s->at == s->end)
        return false;
    object = *s->at == '{';
    if (!object && *s->at != '[')
        return take_scalar(s);
    if (!push(s, object))
        return false;
    if (take(s, object ? '}' : ']')) {
        s->depth--;
        return true;
    }
    *complete = false;
    return !object || take_key(s);
}

/* After a value: close what closes, up to a comma (*more) or the end of the value at hand. */
static bool
end_value(struct scan *s, bool *more)
{
    *more = false;
    while (s->depth > s->outside) {
        skip_space(s);
        if (take(s, ',')) {
            *more = true;
            return !in_object(s) || take_key(s);
        }
        if (!take(s, in_object(s) ? '}' : ']'))
            return false;
        s->depth--;
    }
    return true;
}

/* A whole value, with the white space around it. */
static bool
take_value(struct scan *s, struct str *value)
{
    const char *begin;
    bool complete, more = true;

    skip_space(s);
    begin = s->at;
    while (more) {
        if (!begin_value(s, &complete))
            return false;
        if (complete && !end_value(s, &more))
            return false;
    }
    *value = str_slice(begin, (size_t)(s->at - begin));
    skip_space(s);
    return true;
}

bool
json_grammar_value(struct json_cursor *c, struct str *value)
{
    struct scan s = { .at = c->at, .end = c->end };

    if (!take_value(&s, value))
        return false;
    c->at = s.at;
    return true;
}

bool
json_grammar_object(
    struct str text, void (*on_member)(void *owner, struct str key, struct str value), void *owner)
{
    const char *begin = text.data ? text.data : "";
    struct scan s = { .at = begin, .end = begin + text.len, .outside = 1 };
    struct str key, value;
    bool more;

    skip_space(&s);
    if (s.at == s.end || *s.at != '{' || !push(&s, true))
        return false;
    for (more = !take(&s, '}'); more;) {
        skip_space(&s);
        key.data = s.at;
        if (!take_string(&s))
            return false;
        key.len = (size_t)(s.at - key.data);
        skip_space(&s);
        if (!take(&s, ':') || !take_value(&s, &value))
            return false;
        on_member(owner, key, value);
        more = take(&s, ',');
        if (!more && !take(&s, '}'))
            return false;
    }
    skip_space(&s);
    return s.at == s.end;
}
