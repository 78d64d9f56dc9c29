/* SPDX-License-Identifier: MIT */
/*
 * http_origin: where an application is: scheme, host, port and path prefix of its URL.  Pure.
 */
#ifndef HTTP_HTTP_ORIGIN_H
#define HTTP_HTTP_ORIGIN_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

/* "http://host[:port][/base]" taken apart; texts end with NUL. */
struct http_origin {
    bool tls;
    unsigned port;
    char host[256]; /* without the brackets of IPv6 */
    char base[512]; /* path prefix without a slash at its end; "" when none */
};

/* False: not an http or https URL, or too long.  A text without a scheme is not an origin.  What
 * follows '?' or '#' is left out. */
MUST_USE bool http_origin_parse(struct str url, struct http_origin *out);
/* Whether the host is localhost, 127.0.0.0/8 or ::1. */
bool http_origin_is_loopback(const struct http_origin *o);
/* Whether a connection to one serves the other: scheme, host and port. */
bool http_origin_same(const struct http_origin *a, const struct http_origin *b);

#endif
