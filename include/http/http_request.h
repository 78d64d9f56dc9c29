/* SPDX-License-Identifier: MIT */
/*
 * http_request: the head of a request as the layers above see it.  Everything is borrowed from the
 * connection and lives until the exchange is answered.  Pure.
 */
#ifndef HTTP_HTTP_REQUEST_H
#define HTTP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum http_method {
    HTTP_METHOD_GET,
    HTTP_METHOD_HEAD,
    HTTP_METHOD_POST,
    HTTP_METHOD_OPTIONS,
    HTTP_METHOD_OTHER
};

struct http_header {
    struct str name, value; /* value without white space around it */
};

struct http_request {
    enum http_method method;
    struct str target;      /* as sent; path[?query] */
    struct str path, query; /* raw, not decoded; query without '?' */
    const struct http_header *headers;
    size_t header_count;
    bool upgrade; /* asks to change the protocol (Connection: Upgrade) */
    bool tls;
    const char *peer; /* the address that the connection came from */
};

/* The first header of that name (any case); data NULL when there is none. */
struct str http_request_header(const struct http_request *r, const char *name);
/* Whether a comma-separated header holds the token (any case): Connection, Upgrade. */
bool http_request_has_token(const struct http_request *r, const char *name, const char *token);
/* Whether Accept-Encoding admits this coding with a weight above 0 ("*" counts). */
bool http_request_accepts(const struct http_request *r, const char *coding);

#endif
