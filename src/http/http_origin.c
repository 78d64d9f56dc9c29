/* SPDX-License-Identifier: MIT */
/*
 * http_origin: the parts of an application's URL.
 */
#include <stdio.h>

#include "http/http_client.h"

static bool
copy(char *out, size_t size, struct str s)
{
    if (s.len >= size || str_has_control(s) || (s.len > 0 && memchr(s.data, ' ', s.len)))
        return false;
    if (s.len > 0)
        memcpy(out, s.data, s.len);
    out[s.len] = '\0';
    return true;
}

/* "host", "host:port", "[::1]:port" */
static bool
parse_authority(struct str authority, struct http_origin *out)
{
    struct str host, port = { NULL, 0 };
    uint64_t number = out->tls ? 443 : 80;

    if (str_starts(authority, "[")) {
        host = str_cut(str_slice(authority.data + 1, authority.len - 1), ']', &port);
        if (port.len > 0 && port.data[0] != ':')
            return false;
        if (port.len > 0)
            port = str_slice(port.data + 1, port.len - 1);
    } else {
        host = str_cut(authority, ':', &port);
    }
    if (port.len > 0 && !str_to_u64(port, 65535, &number))
        return false;
    out->port = (unsigned)number;
    return host.len > 0 && number > 0 && copy(out->host, sizeof(out->host), host);
}

bool
http_origin_parse(struct str url, struct http_origin *out)
{
    struct str rest, authority, user;
    const char *slash;

    *out = (struct http_origin){ .tls = str_starts(url, "https://") };
    if (!out->tls && !str_starts(url, "http://"))
        return false;
    rest = str_slice(url.data + (out->tls ? 8 : 7), url.len - (out->tls ? 8 : 7));
    slash = rest.len > 0 ? memchr(rest.data, '/', rest.len) : NULL;
    authority = str_slice(rest.data, slash ? (size_t)(slash - rest.data) : rest.len);
    rest = str_slice(rest.data + authority.len, rest.len - authority.len);
    while (str_ends(rest, "/"))
        rest.len--;
    (void)str_cut(authority, '@', &user);
    return user.len == 0 && parse_authority(authority, out) &&
           copy(out->base, sizeof(out->base), rest);
}

bool
http_origin_is_loopback(const struct http_origin *o)
{
    struct str host = str_of(o->host);

    return str_is_nocase(host, "localhost") || str_starts(host, "127.") || str_is(host, "::1");
}
