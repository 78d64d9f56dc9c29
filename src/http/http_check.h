/* SPDX-License-Identifier: MIT */
/*
 * http_check: what a request's head must say beyond its syntax (RFC 9112, sections 2 to 7), so that
 * no proxy in front reads it differently.  Pure.
 */
#ifndef HTTP_HTTP_CHECK_H
#define HTTP_HTTP_CHECK_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct http_message;

/* Whether s consists of letters, digits and marks. */
MUST_USE bool http_check_marks(struct str s, const char *marks);
/* 0: as it should be; else the status of the refusal. */
MUST_USE unsigned http_check_request(const struct http_message *m);

#endif
