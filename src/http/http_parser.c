/* SPDX-License-Identifier: MIT */
/*
 * http_parser: llhttp's callbacks record places; the message stops by pausing.
 */
#include "http_parser.h"

#include <llhttp.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "base/mem.h"

/* A run of bytes of the head, by its place: the text may move while it grows. */
struct place {
    size_t at, len;
};

struct line {
    struct place name, value;
};

struct http_parser {
    llhttp_t llhttp;
    unsigned header_limit;
    bool (*on_body)(void *owner, struct str piece);
    void *owner;

    const char *base; /* of the text being fed */
    struct place target;
    struct line *lines;
    size_t line_count, line_room;
    struct http_header *headers; /* made on request */
    bool name_done;              /* of the last line */
    bool head_done, done, too_many, stopped;
};

static struct http_parser *
parser_of(llhttp_t *l)
{
    return CONTAINER_OF(l, struct http_parser, llhttp);
}

/* Pieces of one run follow each other. */
static void
extend(struct place *place, const struct http_parser *p, const char *at, size_t len)
{
    if (place->len == 0)
        place->at = (size_t)(at - p->base);
    place->len += len;
}

static int
on_url(llhttp_t *l, const char *at, size_t len)
{
    struct http_parser *p = parser_of(l);

    extend(&p->target, p, at, len);
    return 0;
}

static int
add_line(struct http_parser *p)
{
    if (p->line_count == p->header_limit) {
        p->too_many = true;
        return HPE_USER;
    }
    if (p->line_count == p->line_room) {
        p->line_room = p->line_room ? p->line_room * 2 : 16;
        p->lines = mem_resize(p->lines, p->line_room, sizeof(*p->lines));
    }
    p->lines[p->line_count++] = (struct line){ { 0, 0 }, { 0, 0 } };
    return 0;
}

/* A name behind a value, or the first one, begins a line. */
static int
on_header_field(llhttp_t *l, const char *at, size_t len)
{
    struct http_parser *p = parser_of(l);
    struct line *last = p->line_count > 0 ? &p->lines[p->line_count - 1] : NULL;

    if (p->head_done)
        return 0; /* a trailer */
    if (!last || p->name_done) {
        int failed = add_line(p);

        if (failed)
            return failed;
        last = &p->lines[p->line_count - 1];
        p->name_done = false;
    }
    extend(&last->name, p, at, len);
    return 0;
}

static int
on_header_field_complete(llhttp_t *l)
{
    parser_of(l)->name_done = true;
    return 0;
}

static int
on_header_value(llhttp_t *l, const char *at, size_t len)
{
    struct http_parser *p = parser_of(l);
    struct place *value;

    if (p->head_done)
        return 0;
    value = &p->lines[p->line_count - 1].value;
    if (value->at == 0)
        value->at = (size_t)(at - p->base);
    value->len += len;
    return 0;
}

static int
on_headers_complete(llhttp_t *l)
{
    parser_of(l)->head_done = true;
    return HPE_PAUSED;
}

static int
on_body(llhttp_t *l, const char *at, size_t len)
{
    struct http_parser *p = parser_of(l);

    p->stopped = !p->on_body(p->owner, str_slice(at, len));
    return p->stopped ? HPE_USER : 0;
}

static int
on_message_complete(llhttp_t *l)
{
    parser_of(l)->done = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_field_complete = on_header_field_complete,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

struct http_parser *
http_parser_new(
    bool response, unsigned header_limit, bool (*body)(void *owner, struct str piece), void *owner)
{
    struct http_parser *p = mem_zalloc(sizeof(*p));

    llhttp_init(&p->llhttp, response ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
    p->header_limit = header_limit;
    p->on_body = body;
    p->owner = owner;
    return p;
}

void
http_parser_free(struct http_parser *p)
{
    if (!p)
        return;
    free(p->lines);
    free(p->headers);
    free(p);
}

void
http_parser_reset(struct http_parser *p)
{
    llhttp_reset(&p->llhttp);
    p->target = (struct place){ 0, 0 };
    p->line_count = 0;
    p->name_done = p->head_done = p->done = p->too_many = p->stopped = false;
}

static enum http_parser_result
stopped(const struct http_parser *p, enum llhttp_errno result, bool had_head)
{
    if (p->too_many)
        return HTTP_PARSER_TOO_MANY;
    if (p->done)
        return HTTP_PARSER_DONE;
    if (result == HPE_OK)
        return HTTP_PARSER_MORE;
    if (result == HPE_PAUSED && p->head_done && !had_head)
        return HTTP_PARSER_HEAD;
    return result == HPE_PAUSED_UPGRADE ? HTTP_PARSER_DONE : HTTP_PARSER_BAD;
}

enum http_parser_result
http_parser_feed(struct http_parser *p, struct str text, size_t from, size_t *taken)
{
    bool had_head = p->head_done;
    enum llhttp_errno result;

    ENSURE(!p->done);
    if (!text.data)
        text.data = "";
    p->base = text.data;
    if (llhttp_get_errno(&p->llhttp) == HPE_PAUSED)
        llhttp_resume(&p->llhttp);
    result = llhttp_execute(&p->llhttp, text.data + from, text.len - from);
    *taken = text.len - from;
    if (result != HPE_OK)
        *taken = (size_t)(llhttp_get_error_pos(&p->llhttp) - (text.data + from));
    return stopped(p, result, had_head);
}

enum http_parser_result
http_parser_finish(struct http_parser *p)
{
    enum llhttp_errno result;

    if (llhttp_get_errno(&p->llhttp) == HPE_PAUSED)
        llhttp_resume(&p->llhttp);
    result = llhttp_finish(&p->llhttp);
    return p->done && (result == HPE_OK || result == HPE_PAUSED) ? HTTP_PARSER_DONE
                                                                 : HTTP_PARSER_BAD;
}

enum http_method
http_parser_method(const struct http_parser *p)
{
    static const struct {
        llhttp_method_t theirs;
        enum http_method ours;
    } methods[] = {
        { HTTP_GET, HTTP_METHOD_GET },
        { HTTP_HEAD, HTTP_METHOD_HEAD },
        { HTTP_POST, HTTP_METHOD_POST },
        { HTTP_OPTIONS, HTTP_METHOD_OPTIONS },
    };

    for (size_t i = 0; i < COUNT_OF(methods); i++)
        if (p->llhttp.method == methods[i].theirs)
            return methods[i].ours;
    return HTTP_METHOD_OTHER;
}

bool
http_parser_stopped_by_body(const struct http_parser *p)
{
    return p->stopped;
}

unsigned
http_parser_status(const struct http_parser *p)
{
    return p->llhttp.status_code;
}

bool
http_parser_keeps_alive(const struct http_parser *p)
{
    return llhttp_should_keep_alive(&p->llhttp);
}

bool
http_parser_has_body(const struct http_parser *p)
{
    return (p->llhttp.flags & F_CHUNKED) || p->llhttp.content_length > 0;
}

uint64_t
http_parser_length(const struct http_parser *p)
{
    return (p->llhttp.flags & F_CONTENT_LENGTH) ? p->llhttp.content_length : 0;
}

bool
http_parser_wants_upgrade(const struct http_parser *p)
{
    return p->llhttp.upgrade && p->llhttp.method != HTTP_CONNECT;
}

static struct str
slice(struct place place, const char *head)
{
    return str_slice(head + place.at, place.len);
}

struct str
http_parser_target(const struct http_parser *p, const char *head)
{
    return slice(p->target, head);
}

const struct http_header *
http_parser_headers(struct http_parser *p, const char *head, size_t *count)
{
    p->headers = mem_resize(p->headers, p->line_count + 1, sizeof(*p->headers));
    for (size_t i = 0; i < p->line_count; i++) {
        p->headers[i].name = slice(p->lines[i].name, head);
        p->headers[i].value = str_trim(slice(p->lines[i].value, head));
    }
    *count = p->line_count;
    return p->headers;
}
