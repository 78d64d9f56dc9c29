/* SPDX-License-Identifier: MIT */
/*
 * auth_request: the question to the application.  A browser decides what stands in auth.headers, so
 * a name that would change the request itself is not passed on, nor is anything that could end a
 * line early.
 */
#include "auth_request.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "json/json_scan.h"

/* Framing, connection and coding of the request; and what the server itself says. */
static const char *const own[] = { "Host", "Content-Length", "Content-Type", "Content-Encoding",
    "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "HTTP2-Settings",
    "Expect", "Accept-Encoding", "X-Requested-With", "X-HTTP-Method-Override" };

/*
 * What applications believe when a proxy says it: who asks, by which scheme and host, and for which
 * URL.  Here a browser would say it.  Those that begin with X-Forwarded- are of the class too.
 */
static const char *const believed[] = { "Forwarded", "X-Real-IP", "CF-Connecting-IP",
    "True-Client-IP", "X-Original-URL", "X-Rewrite-URL", "Proxy" };

/* Quotes and escapes may make a text longer, by so much at most where people write them. */
enum { JSON_FACTOR = 2 };

/* A header line under way: where its parts are in the text. */
struct line {
    size_t name_at, name_len, value_at, value_len;
};

struct lines {
    struct line *line;
    const struct auth_limits *limits;
    size_t count, bytes;
    struct buffer text;
};

static bool
is_header_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!alnum && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return s.len > 0;
}

static char
lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

/* As CGI sees names (RFC 3875 4.1.18): case does not count, and "_" is "-". */
static bool
begins_as(struct str name, const char *text)
{
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (i == name.len || lower(name.data[i] == '_' ? '-' : name.data[i]) != lower(text[i]))
            return false;
    }
    return true;
}

static bool
is_one_of(struct str name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == name.len && begins_as(name, list[i]))
            return true;
    }
    return false;
}

static bool
is_withheld(struct str name, const struct auth_limits *limits)
{
    if (is_one_of(name, own, COUNT_OF(own)) || begins_as(name, "Proxy-"))
        return true;
    return (is_one_of(name, believed, COUNT_OF(believed)) || begins_as(name, "X-Forwarded-")) &&
           !is_one_of(name, limits->forward, limits->forward_count);
}

static struct str
lines_part(const struct lines *l, size_t at, size_t len)
{
    return str_slice(l->text.data + at, len);
}

static bool
equal_nocase(struct str a, struct str b)
{
    for (size_t i = 0; i < a.len && a.len == b.len; i++)
        if (lower(a.data[i]) != lower(b.data[i]))
            return false;
    return a.len == b.len;
}

static struct line *
lines_find(const struct lines *l, struct str name)
{
    for (size_t i = 0; i < l->count; i++) {
        if (equal_nocase(lines_part(l, l->line[i].name_at, l->line[i].name_len), name))
            return &l->line[i];
    }
    return NULL;
}

/* The text of a value as JavaScript's String() gives it; false: null, an object or an array. */
static bool
append_value(struct str value, struct buffer *out)
{
    switch (json_scan_kind(value)) {
    case JSON_STRING:
        json_scan_string(value, out);
        return true;
    case JSON_NUMBER:
    case JSON_TRUE:
    case JSON_FALSE:
        buffer_append_str(out, value);
        return true;
    case JSON_NONE:
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
        return false;
    }
    return false;
}

/* Of two names that differ in case alone the last one counts, as in Node. */
static enum auth_refusal
lines_add(struct lines *l, const struct line *new_line)
{
    struct line *same = lines_find(l, lines_part(l, new_line->name_at, new_line->name_len));

    if (same) {
        l->bytes -= same->name_len + same->value_len;
        *same = *new_line;
    } else {
        if (l->count == l->limits->headers)
            return AUTH_TOO_MANY_HEADERS;
        l->line[l->count++] = *new_line;
    }
    l->bytes += new_line->name_len + new_line->value_len;
    return l->bytes > l->limits->header_bytes ? AUTH_HEADERS_TOO_LARGE : AUTH_OK;
}

/* One member of auth.headers; what may not pass is left out without a word. */
static enum auth_refusal
lines_take_member(struct lines *l, struct str key, struct str value)
{
    struct line line = { .name_at = l->text.len };
    struct str name, text;

    json_scan_string(key, &l->text);
    line.name_len = l->text.len - line.name_at;
    line.value_at = l->text.len;
    if (!append_value(value, &l->text))
        return AUTH_OK;
    line.value_len = l->text.len - line.value_at;
    name = lines_part(l, line.name_at, line.name_len);
    text = lines_part(l, line.value_at, line.value_len);
    if (!is_header_name(name) || str_has_control(text) || is_withheld(name, l->limits))
        return AUTH_OK;
    return lines_add(l, &line);
}

static enum auth_refusal
lines_take(struct lines *l, struct str headers)
{
    struct json_cursor c;
    struct str key, value;
    enum auth_refusal refusal = AUTH_OK;

    if (headers.len == 0 || json_scan_kind(headers) != JSON_OBJECT)
        return AUTH_OK;
    if (headers.len > JSON_FACTOR * l->limits->header_bytes) /* it is kept as it came */
        return AUTH_HEADERS_TOO_LARGE;
    c = json_scan_enter(headers);
    while (refusal == AUTH_OK && json_scan_member(&c, &key, &value))
        refusal = lines_take_member(l, key, value);
    return refusal;
}

static void
append_line(struct buffer *out, struct str name, struct str value)
{
    buffer_append_str(out, name);
    buffer_append_text(out, ": ");
    buffer_append_str(out, value);
    buffer_append_text(out, "\r\n");
}

static void
write_own(const struct auth_question *q, const struct lines *l, struct buffer *out)
{
    append_line(out, STR_LIT("X-Requested-With"), STR_LIT("XMLHttpRequest"));
    append_line(out, STR_LIT("Content-Type"), STR_LIT("application/x-www-form-urlencoded"));
    if (!lines_find(l, STR_LIT("User-Agent")))
        append_line(out, STR_LIT("User-Agent"), STR_LIT("echo-server"));
    if (q->address.len > 0 && !lines_find(l, STR_LIT("X-Forwarded-For")))
        append_line(out, STR_LIT("X-Forwarded-For"), q->address);
    if (q->cookie.len > 0 && !lines_find(l, STR_LIT("Cookie")) && !str_has_control(q->cookie))
        append_line(out, STR_LIT("Cookie"), q->cookie);
}

enum auth_refusal
auth_request_headers(
    const struct auth_question *q, const struct auth_limits *limits, struct buffer *out)
{
    struct lines l = { .limits = limits };
    enum auth_refusal refusal;
    struct line *cookie;

    l.line = mem_resize(NULL, limits->headers, sizeof(*l.line));
    refusal = lines_take(&l, q->headers);
    if (refusal == AUTH_OK) {
        cookie = lines_find(&l, STR_LIT("Cookie"));
        if (cookie && cookie->value_len == 0) /* counts as none, as in the reference */
            *cookie = l.line[--l.count];
        write_own(q, &l, out);
        for (size_t i = 0; i < l.count; i++)
            append_line(out, lines_part(&l, l.line[i].name_at, l.line[i].name_len),
                lines_part(&l, l.line[i].value_at, l.line[i].value_len));
    }
    buffer_fini(&l.text);
    free(l.line);
    return refusal;
}

void
auth_request_body(struct str channel, struct buffer *out)
{
    static const char hex[] = "0123456789ABCDEF";

    buffer_append_text(out, "channel_name=");
    for (size_t i = 0; i < channel.len; i++) {
        unsigned char c = (unsigned char)channel.data[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (alnum || c == '-' || c == '_' || c == '.' || c == '~') {
            buffer_append_char(out, (char)c);
            continue;
        }
        buffer_append_char(out, '%');
        buffer_append_char(out, hex[c >> 4]);
        buffer_append_char(out, hex[c & 15]);
    }
}
