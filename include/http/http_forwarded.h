/* SPDX-License-Identifier: MIT */
/*
 * http_forwarded: who the client is, behind proxies that are trusted to say so.  Pure.
 */
#ifndef HTTP_HTTP_FORWARDED_H
#define HTTP_HTTP_FORWARDED_H

#include <stdbool.h>

#include "base/address.h"

struct http_request;
struct proxies;

/*
 * The address that X-Forwarded-For gives, from the right, as far as trust reaches; the peer's when
 * it is not trusted, or says nothing that is an address.  proxies NULL: nobody is trusted.  The
 * result lives as long as r and out.
 */
const char *http_forwarded_client(
    const struct proxies *proxies, const struct http_request *r, char out[ADDRESS_TEXT_SIZE]);

/* Whether the client came by TLS, to this server or (X-Forwarded-Proto) to a trusted proxy. */
bool http_forwarded_secure(const struct proxies *proxies, const struct http_request *r);

#endif
