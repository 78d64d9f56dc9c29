/* SPDX-License-Identifier: MIT */
/*
 * http_forwarded: X-Forwarded-For is a list, also over several lines, to which each proxy appends
 * whom it was called by: what is left of an untrusted entry is hearsay.
 */
#include "http/http_forwarded.h"

#include "base/proxies.h"
#include "http/http_request.h"

/* A chain of more proxies is none. */
enum { HOPS_MAX = 32 };

/* Goes from the last entry of the last line to the first one of the first. */
struct cursor {
    const struct http_request *request;
    size_t line;      /* lines from here on are done */
    struct str value; /* what is left of the current one */
};

static bool
last_line(struct cursor *c)
{
    while (c->line > 0) {
        const struct http_header *h = &c->request->headers[--c->line];

        if (str_is_nocase(h->name, "X-Forwarded-For")) {
            c->value = h->value;
            return true;
        }
    }
    return false;
}

static bool
last_entry(struct cursor *c, struct str *entry)
{
    const char *comma;
    size_t at;

    if (c->value.len == 0 && !last_line(c))
        return false;
    comma = c->value.len > 0 ? memrchr(c->value.data, ',', c->value.len) : NULL;
    at = comma ? (size_t)(comma + 1 - c->value.data) : 0;
    *entry = str_trim(str_slice(c->value.data + at, c->value.len - at));
    c->value.len = comma ? at - 1 : 0;
    return true;
}

/* A Unix socket's peer is on this machine. */
static struct address
peer_of(const struct http_request *r)
{
    struct address a;
    const struct str loopback = STR_LIT("127.0.0.1");

    if (!address_parse(str_of(r->peer), &a) && !address_parse(loopback, &a))
        a = (struct address){ { 0 } };
    return a;
}

const char *
http_forwarded_client(
    const struct proxies *proxies, const struct http_request *r, char out[ADDRESS_TEXT_SIZE])
{
    struct cursor c = { .request = r, .line = r->header_count };
    struct address client = peer_of(r), next;
    struct str entry;
    unsigned hop = 0;

    if (!proxies)
        return r->peer;
    while (hop < HOPS_MAX && proxies_trust(proxies, &client, hop) && last_entry(&c, &entry) &&
           address_parse(entry, &next)) {
        client = next;
        hop++;
    }
    return hop > 0 ? address_text(&client, out) : r->peer;
}

bool
http_forwarded_secure(const struct proxies *proxies, const struct http_request *r)
{
    struct address peer;
    struct str rest;

    if (r->tls || !proxies)
        return r->tls;
    peer = peer_of(r);
    return proxies_trust(proxies, &peer, 0) &&
           str_is_nocase(
               str_trim(str_cut(http_request_header(r, "X-Forwarded-Proto"), ',', &rest)), "https");
}
