/* SPDX-License-Identifier: MIT */
/*
 * http_parser: one message of HTTP/1.x as it arrives, request or response: the only door to
 * llhttp.  It keeps the head as it came and collects the body, each up to a limit that is checked
 * before memory is taken.  http_check judges the rest of a head.  Pure.
 */
#ifndef HTTP_HTTP_PARSER_H
#define HTTP_HTTP_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "http/http_request.h"

struct http_parser;

enum http_parser_kind { HTTP_PARSER_REQUEST, HTTP_PARSER_RESPONSE };

enum http_parse {
    HTTP_PARSE_MORE,       /* everything was taken in */
    HTTP_PARSE_HEAD,       /* the head is complete: feed again, also with nothing */
    HTTP_PARSE_END,        /* the message is complete: feed no more */
    HTTP_PARSE_BAD,        /* not HTTP */
    HTTP_PARSE_HEAD_LARGE, /* head or trailers past a limit */
    HTTP_PARSE_BODY_LARGE, /* the body is, or says that it will be, past its limit */
};

/* Valid from HTTP_PARSE_HEAD on; borrowed from the parser. */
struct http_message {
    struct str raw; /* the head from its first byte to the empty line */
    struct str target;
    const struct http_header *headers;
    size_t header_count;
    enum http_method method;
    unsigned status;
    unsigned major, minor;
    uint64_t content_length;
    bool has_body;    /* one follows */
    bool until_close; /* a response that ends with the connection */
    bool keep_alive;
    bool upgrade;
};

struct http_parser *http_parser_new(
    enum http_parser_kind kind, size_t head_bytes, unsigned headers);
/* NULL is fine. */
void http_parser_free(struct http_parser *p);

/* *used: how many of data's bytes belong to this message; what follows them does not. */
MUST_USE enum http_parse http_parser_feed(
    struct http_parser *p, const char *data, size_t len, size_t *used);
/* The connection ended: whether the message did, too. */
MUST_USE bool http_parser_finish(struct http_parser *p);

const struct http_message *http_parser_message(const struct http_parser *p);
/* Before the first byte of a body is fed; 0 until then. */
void http_parser_limit_body(struct http_parser *p, size_t limit_bytes);
struct str http_parser_body(const struct http_parser *p);
void http_parser_drop_body(struct http_parser *p);
/* The memory it takes. */
size_t http_parser_bytes(const struct http_parser *p);

#endif
