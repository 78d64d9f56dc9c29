/* SPDX-License-Identifier: MIT */
/*
 * http_request: the head of a request as the layers above see it.  Everything is borrowed from the
 * connection and lives until the exchange is answered.  Who the client is depends on which proxies
 * are trusted to say so.  Pure.
 */
#ifndef HTTP_HTTP_REQUEST_H
#define HTTP_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/address.h"
#include "base/str.h"

struct proxies;

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
    bool upgrade; /* asks for a WebSocket (Connection: Upgrade) */
    bool tls;
    struct address peer; /* where the connection came from */
    bool local;          /* a Unix socket; peer is 127.0.0.1 */
};

/* The first header of that name (any case); data NULL when there is none. */
struct str http_request_header(const struct http_request *r, const char *name);
/* Whether Accept-Encoding admits this coding with a weight above 0 ("*" counts). */
bool http_request_accepts(const struct http_request *r, const char *coding);

/*
 * The client's address: what X-Forwarded-For gives, from the right, as far as trust reaches; the
 * peer's when that is not trusted, or says nothing that is an address; "unix" if that has none.
 * proxies NULL: none is trusted.  Returns out.
 */
const char *http_request_client(
    const struct http_request *r, const struct proxies *proxies, char out[ADDRESS_TEXT_SIZE]);
/* The same as an address; a Unix socket's peer is 127.0.0.1.  False: it is the peer's own. */
bool http_request_client_address(
    const struct http_request *r, const struct proxies *proxies, struct address *out);
/* Whether the client came by TLS, to this server or (X-Forwarded-Proto) to a trusted proxy. */
bool http_request_secure(const struct http_request *r, const struct proxies *proxies);

#endif
