/* SPDX-License-Identifier: MIT */
/*
 * http_origin: the parts of an application's URL.  They go into the lines of a request, so nothing
 * passes that could end a line.
 */
#include "http/http_origin.h"

#include <arpa/inet.h>
#include <string.h>

#include "http_check.h"

/* The host's characters beside letters and digits; of an address in brackets also ':'. */
#define HOST_MARKS "-._~"

static bool
origin_copy_host(struct str host, const char *marks, struct http_origin *out)
{
    if (host.len == 0 || host.len >= sizeof(out->host) || !http_check_marks(host, marks))
        return false;
    memcpy(out->host, host.data, host.len);
    out->host[host.len] = '\0';
    return true;
}

static bool
origin_parse_port(struct str text, struct http_origin *out)
{
    uint64_t port = out->tls ? 443 : 80;

    if (text.len > 0 && (!str_to_u64(text, 65535, &port) || port == 0))
        return false;
    out->port = (unsigned)port;
    return true;
}

/* "host", "host:port", "[::1]:port"; without a user name and password. */
static bool
origin_parse_authority(struct str authority, struct http_origin *out)
{
    struct in6_addr address;
    struct str host, rest;

    if (!str_starts(authority, "[")) {
        host = str_cut(authority, ':', &rest);
        return origin_copy_host(host, HOST_MARKS, out) && origin_parse_port(rest, out);
    }
    if (!memchr(authority.data, ']', authority.len))
        return false;
    host = str_cut(str_slice(authority.data + 1, authority.len - 1), ']', &rest);
    if (rest.len > 0 && rest.data[0] != ':')
        return false;
    if (rest.len > 0)
        rest = str_slice(rest.data + 1, rest.len - 1);
    return origin_copy_host(host, HOST_MARKS ":", out) && origin_parse_port(rest, out) &&
           inet_pton(AF_INET6, out->host, &address) == 1;
}

static bool
origin_copy_base(struct str base, struct http_origin *out)
{
    while (str_ends(base, "/"))
        base.len--;
    if (base.len >= sizeof(out->base))
        return false;
    for (size_t i = 0; i < base.len; i++) {
        unsigned char c = (unsigned char)base.data[i];

        if (c <= ' ' || c >= 0x7f)
            return false;
        out->base[i] = (char)c;
    }
    out->base[base.len] = '\0';
    return true;
}

bool
http_origin_parse(struct str url, struct http_origin *out)
{
    size_t scheme, authority, end;

    *out = (struct http_origin){ .tls = str_starts_nocase(url, "https://") };
    if (!out->tls && !str_starts_nocase(url, "http://"))
        return false;
    scheme = out->tls ? sizeof("https://") - 1 : sizeof("http://") - 1;
    for (end = scheme; end < url.len && url.data[end] != '?' && url.data[end] != '#';)
        end++;
    for (authority = scheme; authority < end && url.data[authority] != '/';)
        authority++;
    return origin_parse_authority(str_slice(url.data + scheme, authority - scheme), out) &&
           origin_copy_base(str_slice(url.data + authority, end - authority), out);
}

bool
http_origin_is_loopback(const struct http_origin *o)
{
    struct in6_addr v6;
    struct in_addr v4;

    if (inet_pton(AF_INET, o->host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, o->host, &v6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&v6);
    return str_is_nocase(str_of(o->host), "localhost");
}

bool
http_origin_same(const struct http_origin *a, const struct http_origin *b)
{
    return a->tls == b->tls && a->port == b->port && str_is_nocase(str_of(a->host), b->host);
}
