/* SPDX-License-Identifier: MIT */
/*
 * origins: which pages may open a session: socket.io 2's `origins`, and `allowedOrigins`.  Pure.
 */
#ifndef ENGINE_ORIGINS_H
#define ENGINE_ORIGINS_H

#include <stdbool.h>

struct http_request;

/* `socketio.origins`.  list ends with NULL; NULL admits all. */
bool origins_admit(const char *const *list, const struct http_request *r);

/*
 * `allowedOrigins`: "https://a.test", "https://a.test:8443", "*.a.test" and "a.test" (any scheme
 * and port), "http://localhost:*", "null", "*".  list ends with NULL; NULL allows all.  The page is
 * named by Origin, else by Referer.  A request without either is not from a page of another origin
 * (browsers always name those), except for JSONP, which a page can ask to be sent without a
 * Referer: from_page says that it is such a request, which is then refused.
 */
bool origins_allow(const char *const *list, const struct http_request *r, bool from_page);

#endif
