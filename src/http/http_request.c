/* SPDX-License-Identifier: MIT */
/*
 * http_request: looking things up in a head, and who the client is.
 */
#include "http/http_request.h"

#include "base/proxies.h"

struct str
http_request_header(const struct http_request *r, const char *name)
{
    struct str wanted = str_of(name);

    for (size_t i = 0; i < r->header_count; i++) {
        if (str_same_nocase(r->headers[i].name, wanted))
            return r->headers[i].value;
    }
    return str_slice(NULL, 0);
}

/* "q=0", "q=0.000": a weight without any digit but zero. */
static bool
weight_is_zero(struct str parameters)
{
    while (parameters.len > 0) {
        struct str value;
        struct str name = str_cut(str_cut(parameters, ';', &parameters), '=', &value);

        if (!str_is_nocase(str_trim(name), "q"))
            continue;
        value = str_trim(value);
        for (size_t i = 0; i < value.len; i++) {
            if (value.data[i] != '0' && value.data[i] != '.')
                return false;
        }
        return value.len > 0;
    }
    return false;
}

/* What the coding's own item says counts; "*" speaks for those that are not listed. */
bool
http_request_accepts(const struct http_request *r, const char *coding)
{
    struct str list = http_request_header(r, "Accept-Encoding");
    bool any = false;

    while (list.len > 0) {
        struct str parameters;
        struct str name = str_trim(str_cut(str_cut(list, ',', &list), ';', &parameters));

        if (str_is_nocase(name, coding))
            return !weight_is_zero(parameters);
        if (str_is(name, "*"))
            any = !weight_is_zero(parameters);
    }
    return any;
}

/* ---- who the client is ---- */

/*
 * X-Forwarded-For is a list, also over several lines, to which each proxy appends the address that
 * called it: what stands to the left of an entry that is not trusted proves nothing.
 */

enum { HOPS_MAX = 32 }; /* no real chain of proxies is longer */

/* Goes from the last entry of the last line to the first one of the first. */
struct cursor {
    const struct http_request *request;
    size_t line;      /* lines from here on are done */
    struct str value; /* what is left of the current one */
};

static bool
last_entry(struct cursor *c, struct str *entry)
{
    const struct http_header *headers = c->request->headers;
    const char *comma;
    size_t at;

    if (c->value.len == 0) {
        do {
            if (c->line == 0)
                return false;
        } while (!str_is_nocase(headers[--c->line].name, "X-Forwarded-For"));
        c->value = headers[c->line].value;
    }
    comma = c->value.len > 0 ? memrchr(c->value.data, ',', c->value.len) : NULL;
    at = comma ? (size_t)(comma + 1 - c->value.data) : 0;
    *entry = str_trim(str_slice(c->value.data + at, c->value.len - at));
    c->value.len = comma ? at - 1 : 0;
    return true;
}

bool
http_request_client_address(
    const struct http_request *r, const struct proxies *proxies, struct address *out)
{
    struct cursor c = { .request = r, .line = r->header_count };
    struct address next;
    struct str entry;
    unsigned hop = 0;

    *out = r->peer;
    while (hop < HOPS_MAX && proxies && proxies_trust(proxies, out, hop) &&
           last_entry(&c, &entry) && address_parse(entry, &next)) {
        *out = next;
        hop++;
    }
    return hop > 0;
}

const char *
http_request_client(
    const struct http_request *r, const struct proxies *proxies, char out[ADDRESS_TEXT_SIZE])
{
    struct address client;

    if (http_request_client_address(r, proxies, &client) || !r->local)
        return address_text(&client, out);
    return memcpy(out, "unix", sizeof("unix"));
}

bool
http_request_secure(const struct http_request *r, const struct proxies *proxies)
{
    struct str rest;

    if (r->tls || !proxies)
        return r->tls;
    return proxies_trust(proxies, &r->peer, 0) &&
           str_is_nocase(
               str_trim(str_cut(http_request_header(r, "X-Forwarded-Proto"), ',', &rest)), "https");
}
