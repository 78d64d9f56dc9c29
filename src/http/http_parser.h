/* SPDX-License-Identifier: MIT */
/*
 * http_parser: llhttp, for both directions: takes one message off a text that arrives in pieces,
 * and stops behind its head and behind its end.  The only file that knows llhttp.  Private.
 */
#ifndef HTTP_HTTP_PARSER_H
#define HTTP_HTTP_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/http_request.h"

struct http_parser;

enum http_parser_result {
    HTTP_PARSER_MORE,     /* everything was taken, the message goes on */
    HTTP_PARSER_HEAD,     /* the head ends here; feed the rest to go on */
    HTTP_PARSER_DONE,     /* the message ends here */
    HTTP_PARSER_BAD,      /* no HTTP */
    HTTP_PARSER_TOO_MANY, /* headers past the limit */
};

/* on_body gets pieces of the body, decoded from chunks; false: stop, the parser is then BAD. */
struct http_parser *http_parser_new(bool response, unsigned header_limit,
    bool (*on_body)(void *owner, struct str piece), void *owner);
void http_parser_free(struct http_parser *p);
/* Begin a new message. */
void http_parser_reset(struct http_parser *p);

/*
 * Feed text[from..]; text's beginning must be the same bytes since the message began, until the
 * head is done (headers are remembered by place).  *taken is how many bytes behind from were used.
 */
enum http_parser_result http_parser_feed(
    struct http_parser *p, struct str text, size_t from, size_t *taken);
/* The connection ended: DONE when that is how the message ends, else BAD. */
enum http_parser_result http_parser_finish(struct http_parser *p);

/* Whether BAD means that on_body said stop. */
bool http_parser_stopped_by_body(const struct http_parser *p);

/* After HEAD. */
enum http_method http_parser_method(const struct http_parser *p);
unsigned http_parser_status(const struct http_parser *p);
bool http_parser_keeps_alive(const struct http_parser *p);
bool http_parser_has_body(const struct http_parser *p);
/* The Content-Length, or 0. */
uint64_t http_parser_length(const struct http_parser *p);
bool http_parser_wants_upgrade(const struct http_parser *p);
/* Slices of head, which is the text that was fed; the array is the parser's. */
struct str http_parser_target(const struct http_parser *p, const char *head);
const struct http_header *http_parser_headers(
    struct http_parser *p, const char *head, size_t *count);

#endif
