/* SPDX-License-Identifier: MIT */
/*
 * json_text: brackets are counted, strings are stepped over, all else ends at a separator.
 */
#include "json_text.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buffer.h"

static const char white[] = " \t\r\n";

static size_t
span_white(struct str s)
{
    size_t n = 0;

    while (n < s.len && s.data[n] && strchr(white, s.data[n]))
        n++;
    return n;
}

static void
skip(struct str *s, size_t n)
{
    s->data += n;
    s->len -= n;
}

/* The length of the string at the beginning of s, with its quotes. */
static size_t
string_len(struct str s)
{
    size_t n = 1;

    while (n < s.len && s.data[n] != '"')
        n += s.data[n] == '\\' ? 2 : 1;
    return n < s.len ? n + 1 : s.len;
}

static size_t
nested_len(struct str s)
{
    size_t n = 0, depth = 0;

    while (n < s.len) {
        char c = s.data[n];

        if (c == '"') {
            n += string_len(str_slice(s.data + n, s.len - n));
            continue;
        }
        n++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            break;
    }
    return n;
}

static size_t
value_len(struct str s)
{
    size_t n = 0;

    if (s.len == 0)
        return 0;
    if (s.data[0] == '"')
        return string_len(s);
    if (s.data[0] == '{' || s.data[0] == '[')
        return nested_len(s);
    while (n < s.len && s.data[n] && !strchr(",]} \t\r\n", s.data[n]))
        n++;
    return n;
}

static struct str
take(struct str *rest)
{
    struct str value = str_slice(rest->data, value_len(*rest));

    skip(rest, value.len);
    skip(rest, span_white(*rest));
    return value;
}

struct json_text
json_text_enter(struct str value)
{
    struct json_text t = { value };

    if (value.len > 0)
        skip(&t.rest, 1);
    return t;
}

bool
json_text_next(struct json_text *t, struct str *key, struct str *value)
{
    skip(&t->rest, span_white(t->rest));
    if (t->rest.len > 0 && *t->rest.data == ',')
        skip(&t->rest, 1);
    skip(&t->rest, span_white(t->rest));
    *key = str_slice(t->rest.data, 0);
    *value = take(&t->rest);
    if (t->rest.len > 0 && *t->rest.data == ':') {
        *key = *value;
        skip(&t->rest, 1);
        skip(&t->rest, span_white(t->rest));
        *value = take(&t->rest);
    }
    return value->len > 0;
}

bool
json_text_find(struct str object, const char *name, struct str *value)
{
    struct json_text t = json_text_enter(object);
    struct str key, each;
    bool found = false;

    while (json_text_next(&t, &key, &each)) {
        if (!json_text_says(key, name))
            continue;
        *value = each;
        found = true;
    }
    return found;
}

bool
json_text_says(struct str raw, const char *text)
{
    json_t *value = json_loadb(raw.data, raw.len, JSON_DECODE_ANY, NULL);
    char number[32] = "";
    const char *said = json_string_value(value);
    bool same;

    if (json_is_integer(value)) {
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        said = number;
    }
    same = said && strcmp(said, text) == 0;
    json_decref(value);
    return same;
}

bool
json_text_quote(const char *text, struct buffer *out)
{
    json_t *value = json_string(text);
    char *quoted = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

    if (quoted)
        buffer_append_text(out, quoted);
    free(quoted);
    json_decref(value);
    return quoted != NULL;
}
