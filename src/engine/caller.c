/* SPDX-License-Identifier: MIT */
/*
 * caller: address, cookie and referer in one allocation.
 */
#include "caller.h"

#include <string.h>

#include "base/mem.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "http/http_forwarded.h"
#include "http/http_request.h"

void
caller_keep(struct eio_session *s, const struct http_request *r)
{
    const struct proxies *proxies = s->engine->limits->proxies;
    char text[ADDRESS_TEXT_SIZE];
    const char *address = http_forwarded_client(proxies, r, text);
    struct str peer = str_of(address ? address : "");
    struct str cookie = http_request_header(r, "Cookie");
    struct str referer = http_request_header(r, "Referer");

    s->client = mem_alloc(peer.len + 1 + cookie.len + referer.len);
    memcpy(s->client, peer.data, peer.len);
    s->client[peer.len] = '\0';
    if (cookie.len > 0)
        memcpy(s->client + peer.len + 1, cookie.data, cookie.len);
    if (referer.len > 0)
        memcpy(s->client + peer.len + 1 + cookie.len, referer.data, referer.len);
    s->cookie_len = (uint32_t)cookie.len;
    s->referer_len = (uint32_t)referer.len;
    s->secure = http_forwarded_secure(proxies, r);
}
