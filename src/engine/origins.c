/* SPDX-License-Identifier: MIT */
/*
 * origins: which pages may open a session.
 */
#include "origins.h"

#include "base/buffer.h"
#include "base/ensure.h"
#include "http/http_request.h"

/* The parts of "https://host:port/path"; the port is the scheme's when it is not written. */
struct origin {
    struct str scheme; /* with its colon and slashes; may be empty */
    struct str host;
    struct str port;
};

static struct str
without_first(struct str s, size_t n)
{
    ENSURE(n <= s.len);
    return str_slice(s.data + n, s.len - n);
}

/* Where c is first, or s's length. */
static size_t
index_of(struct str s, char c)
{
    const char *at = s.len > 0 ? memchr(s.data, c, s.len) : NULL;
    return at ? (size_t)(at - s.data) : s.len;
}

/* An IPv6 host keeps its brackets out of the search for the port. */
static struct origin
origin_parse(struct str url)
{
    struct origin o;
    size_t scheme = index_of(url, ':');
    bool has_scheme = str_starts(without_first(url, scheme), "://");

    o.scheme = str_slice(url.data, has_scheme ? scheme + 3 : 0);
    struct str rest = without_first(url, o.scheme.len);
    struct str authority = str_slice(rest.data, index_of(rest, '/'));
    size_t bracket = str_starts(authority, "[") ? index_of(authority, ']') : 0;
    size_t colon = bracket + index_of(without_first(authority, bracket), ':');
    o.host = str_slice(authority.data, colon);
    o.port = colon + 1 < authority.len             ? without_first(authority, colon + 1)
             : str_is_nocase(o.scheme, "https://") ? STR_LIT("443")
                                                   : STR_LIT("80");
    return o;
}

/* Whether entry is the concatenation of three parts. */
static bool
entry_matches(struct str entry, struct str a, struct str b, struct str c)
{
    struct buffer whole;
    buffer_init(&whole);
    buffer_append_str(&whole, a);
    buffer_append_str(&whole, b);
    buffer_append_char(&whole, ':');
    buffer_append_str(&whole, c);
    buffer_append_char(&whole, '\0');
    bool same = str_is_nocase(entry, whole.data);
    buffer_fini(&whole);
    return same;
}

static bool
entry_admits(struct str entry, const struct origin *o)
{
    const struct str none = STR_LIT(""), any = STR_LIT("*");

    return str_is(entry, "*:*") || entry_matches(entry, o->scheme, o->host, o->port) ||
           entry_matches(entry, none, o->host, o->port) ||
           entry_matches(entry, none, o->host, any) || entry_matches(entry, none, any, o->port);
}

bool
origins_admit(const char *const *list, const struct http_request *r)
{
    struct str origin = http_request_header(r, "Origin");

    if (list == NULL)
        return true;
    if (origin.len == 0)
        origin = http_request_header(r, "Referer");
    /* No page is named: as in the reference, only "*:*" and "*:80" admit it. */
    struct origin parts = { STR_LIT(""), STR_LIT("*"), STR_LIT("80") };
    if (origin.len > 0 && !str_is(origin, "null")) {
        parts = origin_parse(origin);
        /* Not a URL: only "*:*" can match. */
        if (parts.scheme.len == 0)
            parts.host = parts.port = STR_LIT("");
    }
    for (size_t i = 0; list[i]; i++) {
        if (entry_admits(str_of(list[i]), &parts))
            return true;
    }
    return false;
}

/* ---- allowedOrigins ---- */

/* "*.a.test" is any name below a.test. */
static bool
host_matches(struct str pattern, struct str host)
{
    struct str end;

    if (str_is(pattern, "*"))
        return true;
    if (!str_starts(pattern, "*."))
        return str_same_nocase(pattern, host);
    end = without_first(pattern, 1);
    return host.len > end.len && str_same_nocase(end, without_first(host, host.len - end.len));
}

static bool
entry_allows(struct str entry, const struct origin *o)
{
    struct origin e;
    bool any_port;

    if (str_is(entry, "*"))
        return true;
    if (str_ends(entry, "/"))
        entry.len--;
    e = origin_parse(entry);
    any_port = e.scheme.len == 0 && e.host.len == entry.len;
    return (e.scheme.len == 0 || str_same_nocase(e.scheme, o->scheme)) &&
           host_matches(e.host, o->host) &&
           (any_port || str_is(e.port, "*") || str_same_nocase(e.port, o->port));
}

bool
origins_allow(const char *const *list, const struct http_request *r, bool from_page)
{
    struct str origin = http_request_header(r, "Origin");
    struct origin parts;

    if (list == NULL)
        return true;
    if (origin.len == 0)
        origin = http_request_header(r, "Referer");
    if (origin.len == 0)
        return !from_page;
    parts = origin_parse(origin);
    for (size_t i = 0; list[i]; i++) {
        if (entry_allows(str_of(list[i]), &parts))
            return true;
    }
    return false;
}
