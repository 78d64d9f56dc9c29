/* SPDX-License-Identifier: MIT */
/*
 * Bytes of a client through http_parser and http_check, and the same as an application's answer;
 * in one piece and byte by byte, which must come to the same.
 */
#include "base/ensure.h"
#include "fuzz.h"
#include "http_check.h"
#include "http_parser.h"

enum { HEAD_MAX = 1024, HEADERS_MAX = 20, BODY_MAX = 256 };

struct outcome {
    enum http_parse last;
    unsigned refusal;
    size_t used, head_len, body_len;
};

/* Everything that a head points to is inside it. */
static void
check_inside(const struct http_message *m, struct str part)
{
    if (part.len > 0)
        ENSURE(part.data >= m->raw.data && part.data + part.len <= m->raw.data + m->raw.len);
}

static void
check_head(const struct http_message *m, enum http_parser_kind kind, struct outcome *o)
{
    o->head_len = m->raw.len;
    ENSURE(m->raw.len <= HEAD_MAX && m->header_count <= HEADERS_MAX);
    check_inside(m, m->target);
    for (size_t i = 0; i < m->header_count; i++) {
        check_inside(m, m->headers[i].name);
        check_inside(m, m->headers[i].value);
    }
    if (kind == HTTP_PARSER_REQUEST)
        o->refusal = http_check_request(m);
}

static struct outcome
parse(enum http_parser_kind kind, const char *data, size_t size, size_t step)
{
    struct http_parser *p = http_parser_new(kind, HEAD_MAX, HEADERS_MAX);
    struct outcome o = { .last = HTTP_PARSE_MORE };
    size_t used;

    http_parser_limit_body(p, BODY_MAX);
    while (o.last == HTTP_PARSE_HEAD || (o.last == HTTP_PARSE_MORE && o.used < size)) {
        size_t len = size - o.used < step ? size - o.used : step;

        o.last = http_parser_feed(p, data + o.used, len, &used);
        ENSURE(used <= len);
        o.used += used;
        if (o.last == HTTP_PARSE_HEAD)
            check_head(http_parser_message(p), kind, &o);
    }
    if (o.last == HTTP_PARSE_MORE && o.head_len > 0 && http_parser_finish(p))
        o.last = HTTP_PARSE_END;
    o.body_len = http_parser_body(p).len;
    ENSURE(o.body_len <= BODY_MAX);
    http_parser_free(p);
    return o;
}

/* Which limit or rule is met first may depend on the pieces. */
static bool
failed(const struct outcome *o)
{
    return o->last >= HTTP_PARSE_BAD;
}

static void
compare(enum http_parser_kind kind, const char *data, size_t size)
{
    struct outcome whole = parse(kind, data, size, size);
    struct outcome pieces = parse(kind, data, size, 1);

    ENSURE(failed(&whole) == failed(&pieces) && (failed(&whole) || whole.last == pieces.last));
    ENSURE(whole.head_len == pieces.head_len && whole.refusal == pieces.refusal);
    if (whole.last == HTTP_PARSE_END)
        ENSURE(whole.used == pieces.used && whole.body_len == pieces.body_len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    compare(HTTP_PARSER_REQUEST, (const char *)data, size);
    compare(HTTP_PARSER_RESPONSE, (const char *)data, size);
    return 0;
}
