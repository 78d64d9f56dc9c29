/* SPDX-License-Identifier: MIT */
/*
 * http_parser: llhttp fed from the head's own buffer, so that what it points at is contiguous and
 * is remembered as offsets while that buffer grows.
 */
#include "http_parser.h"

#include <llhttp.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"

/* A header under way: offsets into the head. */
struct span {
    size_t name_at, name_len, value_at, value_len;
};

/* Neither buffer is ever longer than its limit; spans exist until the head is complete, built from
 * then on. */
struct http_parser {
    llhttp_t llhttp;
    struct http_message message;
    struct buffer head, body;
    size_t head_bytes, body_bytes;
    size_t extra_bytes; /* trailers and chunk extensions, which are not kept */
    unsigned headers;
    struct span *spans;
    size_t span_count, span_capacity;
    size_t target_at, target_len;
    struct http_header *built;
    bool in_body, in_value, ended;
    enum http_parse refusal; /* why a callback stopped llhttp; MORE when none did */
};

static int
parser_refuse(struct http_parser *p, enum http_parse why)
{
    p->refusal = why;
    return HPE_USER;
}

static size_t
parser_offset(const struct http_parser *p, const char *at)
{
    return (size_t)(at - p->head.data);
}

/* The part of the body that is not content. */
static int
count_extra(struct http_parser *p, size_t len)
{
    p->extra_bytes += len;
    return p->extra_bytes > p->head_bytes ? parser_refuse(p, HTTP_PARSE_HEAD_LARGE) : HPE_OK;
}

static int
parser_on_url(llhttp_t *l, const char *at, size_t len)
{
    struct http_parser *p = l->data;

    if (p->target_len == 0)
        p->target_at = parser_offset(p, at);
    p->target_len = parser_offset(p, at) + len - p->target_at;
    return HPE_OK;
}

static int
parser_on_header_field(llhttp_t *l, const char *at, size_t len)
{
    struct http_parser *p = l->data;
    struct span *s;

    if (p->in_body)
        return count_extra(p, len);
    if (p->span_count == 0 || p->in_value) {
        if (p->span_count == p->headers)
            return parser_refuse(p, HTTP_PARSE_HEAD_LARGE);
        if (p->span_count == p->span_capacity) {
            p->span_capacity = p->span_capacity ? 2 * p->span_capacity : 16;
            p->spans = mem_resize(p->spans, p->span_capacity, sizeof(*p->spans));
        }
        p->spans[p->span_count++] = (struct span){ .name_at = parser_offset(p, at) };
        p->in_value = false;
    }
    s = &p->spans[p->span_count - 1];
    s->name_len = parser_offset(p, at) + len - s->name_at;
    return HPE_OK;
}

static int
parser_on_header_value(llhttp_t *l, const char *at, size_t len)
{
    struct http_parser *p = l->data;
    struct span *s;

    if (p->in_body)
        return count_extra(p, len);
    s = &p->spans[p->span_count - 1];
    if (!p->in_value)
        s->value_at = parser_offset(p, at);
    p->in_value = true;
    s->value_len = parser_offset(p, at) + len - s->value_at;
    return HPE_OK;
}

/* An empty value may pass without parser_on_header_value. */
static int
parser_on_header_value_complete(llhttp_t *l)
{
    struct http_parser *p = l->data;

    p->in_value = true;
    return HPE_OK;
}

static int
parser_on_chunk_extension(llhttp_t *l, const char *at, size_t len)
{
    (void)at;
    return count_extra(l->data, len);
}

static enum http_method
method_of(const llhttp_t *l)
{
    switch (l->method) {
    case HTTP_GET:
        return HTTP_METHOD_GET;
    case HTTP_HEAD:
        return HTTP_METHOD_HEAD;
    case HTTP_POST:
        return HTTP_METHOD_POST;
    case HTTP_OPTIONS:
        return HTTP_METHOD_OPTIONS;
    default:
        return HTTP_METHOD_OTHER;
    }
}

/* llhttp must read the body of a request that asks for another protocol as any other. */
static int
parser_on_headers_complete(llhttp_t *l)
{
    struct http_parser *p = l->data;
    struct http_message *m = &p->message;
    unsigned status = l->status_code;

    /* These have no body: a length in such a head is that of another answer. */
    if (l->type == HTTP_RESPONSE && (status / 100 == 1 || status == 204 || status == 304)) {
        l->flags = (uint16_t)((l->flags | F_SKIPBODY) & ~(unsigned)F_CHUNKED);
        l->content_length = 0;
    }
    bool chunked = (l->flags & F_CHUNKED) != 0;
    m->method = method_of(l);
    m->status = status;
    m->major = l->http_major;
    m->minor = l->http_minor;
    m->content_length = chunked ? 0 : l->content_length;
    m->until_close = llhttp_message_needs_eof(l) != 0;
    m->has_body = chunked || m->content_length > 0 || m->until_close;
    m->keep_alive = llhttp_should_keep_alive(l) != 0;
    m->upgrade = l->upgrade != 0 && l->method != HTTP_CONNECT;
    l->upgrade = 0;
    return HPE_PAUSED;
}

static int
parser_on_chunk_header(llhttp_t *l)
{
    struct http_parser *p = l->data;

    ENSURE(p->body.len <= p->body_bytes);
    if (l->content_length > p->body_bytes - p->body.len)
        return parser_refuse(p, HTTP_PARSE_BODY_LARGE);
    return HPE_OK;
}

static int
parser_on_body(llhttp_t *l, const char *at, size_t len)
{
    struct http_parser *p = l->data;

    ENSURE(p->body.len <= p->body_bytes);
    if (len > p->body_bytes - p->body.len)
        return parser_refuse(p, HTTP_PARSE_BODY_LARGE);
    buffer_append(&p->body, at, len);
    return HPE_OK;
}

static int
parser_on_message_complete(llhttp_t *l)
{
    struct http_parser *p = l->data;

    p->ended = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = parser_on_url,
    .on_header_field = parser_on_header_field,
    .on_header_value = parser_on_header_value,
    .on_header_value_complete = parser_on_header_value_complete,
    .on_headers_complete = parser_on_headers_complete,
    .on_chunk_extension_name = parser_on_chunk_extension,
    .on_chunk_extension_value = parser_on_chunk_extension,
    .on_chunk_header = parser_on_chunk_header,
    .on_body = parser_on_body,
    .on_message_complete = parser_on_message_complete,
};

struct http_parser *
http_parser_new(enum http_parser_kind kind, size_t head_bytes, unsigned headers)
{
    struct http_parser *p = mem_zalloc(sizeof(*p));

    llhttp_init(&p->llhttp, kind == HTTP_PARSER_REQUEST ? HTTP_REQUEST : HTTP_RESPONSE, &settings);
    p->llhttp.data = p;
    p->head_bytes = head_bytes;
    p->headers = headers;
    return p;
}

void
http_parser_free(struct http_parser *p)
{
    if (!p)
        return;
    buffer_fini(&p->head);
    buffer_fini(&p->body);
    free(p->spans);
    free(p->built);
    free(p);
}

static struct str
parser_part(const struct http_parser *p, size_t at, size_t len)
{
    return str_slice(p->head.data + at, len);
}

/* The head is complete and moves no more: give back what it does not need, turn the offsets into
 * text. */
static void
parser_build(struct http_parser *p, size_t len)
{
    struct http_message *m = &p->message;

    ENSURE(len <= p->head.len && !p->built);
    p->head.data = mem_resize(p->head.data, len, 1);
    p->head.len = p->head.capacity = len;
    p->built = mem_alloc(p->span_count * sizeof(*p->built));
    for (size_t i = 0; i < p->span_count; i++) {
        const struct span *s = &p->spans[i];

        p->built[i].name = parser_part(p, s->name_at, s->name_len);
        p->built[i].value = str_trim(parser_part(p, s->value_at, s->value_len));
    }
    m->raw = buffer_str(&p->head);
    m->target = parser_part(p, p->target_at, p->target_len);
    m->headers = p->built;
    m->header_count = p->span_count;
    free(p->spans);
    p->spans = NULL;
    p->in_body = true;
}

static enum http_parse
parser_failure(const struct http_parser *p)
{
    return p->refusal != HTTP_PARSE_MORE ? p->refusal : HTTP_PARSE_BAD;
}

static enum http_parse
parser_feed_head(struct http_parser *p, const char *data, size_t len, size_t *used)
{
    size_t before = p->head.len, end;
    size_t room = p->head_bytes - before;
    size_t taken = len < room ? len : room;
    llhttp_errno_t error;

    ENSURE(before <= p->head_bytes);
    *used = 0;
    if (len == 0)
        return HTTP_PARSE_MORE;
    buffer_append(&p->head, data, taken);
    error = llhttp_execute(&p->llhttp, p->head.data + before, taken);
    *used = taken;
    if (error == HPE_OK)
        return taken < len ? HTTP_PARSE_HEAD_LARGE : HTTP_PARSE_MORE;
    if (error != HPE_PAUSED)
        return parser_failure(p);
    end = parser_offset(p, llhttp_get_error_pos(&p->llhttp));
    *used = end - before;
    llhttp_resume(&p->llhttp);
    parser_build(p, end);
    return HTTP_PARSE_HEAD;
}

enum http_parse
http_parser_feed(struct http_parser *p, const char *data, size_t len, size_t *used)
{
    llhttp_errno_t error;

    if (!p->in_body)
        return parser_feed_head(p, data, len, used);
    *used = 0;
    if (p->message.content_length > p->body_bytes && !p->message.until_close)
        return HTTP_PARSE_BODY_LARGE;
    error = llhttp_execute(&p->llhttp, data, len);
    *used = len;
    if (error == HPE_OK)
        return HTTP_PARSE_MORE;
    if (error != HPE_PAUSED)
        return parser_failure(p);
    *used = (size_t)(llhttp_get_error_pos(&p->llhttp) - data);
    ENSURE(*used <= len);
    return HTTP_PARSE_END;
}

bool
http_parser_finish(struct http_parser *p)
{
    llhttp_errno_t error = llhttp_finish(&p->llhttp);

    return (error == HPE_OK || error == HPE_PAUSED) && p->ended;
}

const struct http_message *
http_parser_message(const struct http_parser *p)
{
    return &p->message;
}

void
http_parser_limit_body(struct http_parser *p, size_t limit_bytes)
{
    p->body_bytes = limit_bytes;
}

struct str
http_parser_body(const struct http_parser *p)
{
    return buffer_str(&p->body);
}

size_t
http_parser_bytes(const struct http_parser *p)
{
    return sizeof(*p) + p->head.capacity + p->body.capacity +
           (p->spans ? p->span_capacity * sizeof(*p->spans) : 0) +
           p->message.header_count * sizeof(*p->built);
}

void
http_parser_drop_body(struct http_parser *p)
{
    buffer_fini(&p->body);
}
