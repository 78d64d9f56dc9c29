/* SPDX-License-Identifier: MIT */
/*
 * json_scan: values, containers and strings of a JSON text.
 */
#include "json/json_scan.h"

#include <stdint.h>

#include "base/buffer.h"
#include "json_grammar.h"

struct json_cursor
json_scan_begin(struct str text)
{
    const char *begin = text.data ? text.data : "";

    return (struct json_cursor){ begin, begin + text.len };
}

bool
json_scan_value(struct json_cursor *c, struct str *value)
{
    return json_grammar_value(c, value);
}

enum json_kind
json_scan_kind(struct str value)
{
    if (value.len == 0)
        return JSON_NONE;
    switch (value.data[0]) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return JSON_NUMBER;
    }
}

bool
json_scan_whole(struct str text, struct str *value)
{
    struct json_cursor c = json_scan_begin(text);

    return json_scan_value(&c, value) && c.at == c.end;
}

struct json_cursor
json_scan_enter(struct str container)
{
    return (struct json_cursor){ container.data + 1, container.data + container.len - 1 };
}

static void
skip_comma(struct json_cursor *c)
{
    if (c->at < c->end && *c->at == ',')
        c->at++;
}

bool
json_scan_element(struct json_cursor *c, struct str *value)
{
    skip_comma(c);
    return json_scan_value(c, value);
}

bool
json_scan_member(struct json_cursor *c, struct str *key, struct str *value)
{
    skip_comma(c);
    if (!json_scan_value(c, key) || c->at == c->end)
        return false;
    c->at++; /* the colon */
    return json_scan_value(c, value);
}

struct str
json_scan_get(struct str object, const char *name)
{
    struct json_cursor c;
    struct str key, value, found = { NULL, 0 };

    if (json_scan_kind(object) != JSON_OBJECT)
        return found;
    c = json_scan_enter(object);
    while (json_scan_member(&c, &key, &value))
        if (json_scan_string_is(key, name))
            found = value;
    return found;
}

struct fields {
    struct json_field *field;
    size_t count;
};

static void
note_field(void *owner, struct str key, struct str value)
{
    const struct fields *f = owner;

    for (size_t i = 0; i < f->count; i++)
        if (json_scan_string_is(key, f->field[i].name))
            f->field[i].value = value;
}

bool
json_scan_fields(struct str text, struct json_field *fields, size_t count)
{
    struct fields f = { fields, count };

    for (size_t i = 0; i < count; i++)
        fields[i].value = (struct str){ NULL, 0 };
    return json_grammar_object(text, note_field, &f);
}

static unsigned
hex4(const char *at)
{
    unsigned value = 0;

    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)at[i];

        value = value << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

static void
append_utf8(struct buffer *out, unsigned code)
{
    static const unsigned char leads[] = { 0x00, 0xc0, 0xe0, 0xf0 };
    size_t more = code < 0x80 ? 0 : code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    char bytes[4];

    for (size_t i = more; i > 0; i--, code >>= 6)
        bytes[i] = (char)(0x80 | (code & 0x3f));
    bytes[0] = (char)(leads[more] | code);
    buffer_append(out, bytes, more + 1);
}

static bool
is_surrogate(unsigned code)
{
    return code >= 0xd800 && code <= 0xdfff;
}

/*
 * The code point of the "\uXXXX" at `at`, a pair of surrogates as one; *len is how many bytes it
 * takes.  A lone surrogate is returned as it is.
 */
static unsigned
escaped_code(const char *at, const char *end, size_t *len)
{
    unsigned high = hex4(at + 2), low;

    *len = 6;
    if (high < 0xd800 || high > 0xdbff || end - at < 12 || at[6] != '\\' || at[7] != 'u')
        return high;
    low = hex4(at + 8);
    if (low < 0xdc00 || low > 0xdfff)
        return high;
    *len = 12;
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* The escape at `at`, decoded; returns how many bytes it took. */
static size_t
decode_escape(const char *at, const char *end, struct buffer *out)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    const char *letter;
    unsigned code;
    size_t len;

    if (at[1] == 'u') {
        code = escaped_code(at, end, &len);
        append_utf8(out, is_surrogate(code) ? 0xfffd : code);
        return len;
    }
    letter = strchr(letters, at[1]);
    buffer_append_char(out, letter ? meanings[letter - letters] : at[1]);
    return 2;
}

/* The escape at `at`, as JSON needs it and no more; returns how many bytes it took. */
static size_t
relax_escape(const char *at, const char *end, struct buffer *out)
{
    unsigned code;
    size_t len;

    if (at[1] == '/') {
        buffer_append_char(out, '/');
        return 2;
    }
    if (at[1] != 'u') {
        buffer_append(out, at, 2);
        return 2;
    }
    code = escaped_code(at, end, &len);
    if (code < 0x20 || is_surrogate(code)) {
        buffer_append(out, at, len);
        return len;
    }
    if (code == '"' || code == '\\')
        buffer_append_char(out, '\\');
    append_utf8(out, code);
    return len;
}

/* Copy text, each escape through one(). */
static void
copy_escaped(struct str text, struct buffer *out,
    size_t (*one)(const char *at, const char *end, struct buffer *out))
{
    const char *at = text.data, *end = text.data + text.len;

    buffer_reserve(out, text.len);
    while (at < end) {
        const char *escape = memchr(at, '\\', (size_t)(end - at));

        buffer_append(out, at, (size_t)((escape ? escape : end) - at));
        if (!escape)
            return;
        at = escape + one(escape, end, out);
    }
}

void
json_scan_string(struct str value, struct buffer *out)
{
    copy_escaped(str_slice(value.data + 1, value.len - 2), out, decode_escape);
}

bool
json_scan_string_is(struct str value, const char *text)
{
    struct str inside;
    struct buffer decoded = { 0 };
    bool same;

    if (json_scan_kind(value) != JSON_STRING)
        return false;
    inside = str_slice(value.data + 1, value.len - 2);
    if (!memchr(inside.data, '\\', inside.len))
        return str_is(inside, text);
    json_scan_string(value, &decoded);
    same = str_is(buffer_str(&decoded), text);
    buffer_fini(&decoded);
    return same;
}

void
json_scan_normalise(struct str value, struct buffer *out)
{
    copy_escaped(value, out, relax_escape);
}

void
json_scan_quote(struct str text, struct buffer *out)
{
    size_t from = 0;

    buffer_reserve(out, text.len + 2);
    buffer_append_char(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.data[i];

        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buffer_append(out, text.data + from, i - from);
        from = i + 1;
        if (c < 0x20)
            buffer_printf(out, "\\u%04x", (unsigned)c);
        else
            buffer_printf(out, "\\%c", c);
    }
    if (from < text.len)
        buffer_append(out, text.data + from, text.len - from);
    buffer_append_char(out, '"');
}
