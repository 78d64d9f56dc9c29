/* SPDX-License-Identifier: MIT */
/*
 * auth_choose: which of several applications is asked, after the page that the browser came from.
 */
#include <stdbool.h>

#include "base/buffer.h"
#include "channels/auth.h"
#include "http/http_client.h"

enum { REFERER_HOST_MAX = 255 };

/* The parts of a Referer that matter, in lower case. */
struct page {
    struct buffer origin; /* scheme://host[:port] */
    struct str host;      /* host[:port] */
    struct str name;      /* host */
};

static struct str
authority_of(struct str url)
{
    size_t len = 0;
    struct str rest, user;

    while (len < url.len && !strchr("/?#\\", url.data[len]))
        len++;
    user = str_cut(str_slice(url.data, len), '@', &rest);
    return user.len < len ? rest : str_slice(url.data, len);
}

static struct str
without_port(struct str host)
{
    for (size_t i = host.len; i > 0; i--) {
        char c = host.data[i - 1];

        if (c == ':')
            return str_slice(host.data, i - 1);
        if (c < '0' || c > '9')
            break;
    }
    return host;
}

static void
append_lower(struct buffer *out, struct str s)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];

        buffer_append_char(out, (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c));
    }
}

static bool
page_parse(struct str referer, struct page *p)
{
    const char *mark = memmem(referer.data, referer.len, "://", 3);
    struct str authority;
    size_t scheme_len;

    if (!mark)
        return false;
    scheme_len = (size_t)(mark - referer.data) + 3;
    authority = authority_of(str_slice(referer.data + scheme_len, referer.len - scheme_len));
    if (authority.len == 0 || authority.len > REFERER_HOST_MAX || str_has_control(authority))
        return false;
    append_lower(&p->origin, str_slice(referer.data, scheme_len));
    append_lower(&p->origin, authority);
    p->host = str_slice(p->origin.data + scheme_len, authority.len);
    p->name = without_port(p->host);
    return true;
}

static bool
matches(const struct page *p, const char *entry)
{
    if (str_is(buffer_str(&p->origin), entry) || str_is(p->host, entry))
        return true;
    return entry[0] == '.' && entry[1] != '\0' && p->name.len > strlen(entry) &&
           str_ends(p->name, entry);
}

bool
auth_choose_host(
    const char *const *hosts, size_t count, struct str referer, struct http_origin *out)
{
    struct page page = { 0 };
    struct str url = str_of(hosts[referer.len > 0 ? count - 1 : 0]);
    bool chosen;

    if (referer.len > 0 && page_parse(referer, &page)) {
        for (size_t i = 0; i < count; i++) {
            if (!matches(&page, hosts[i]))
                continue;
            url = buffer_str(&page.origin);
            break;
        }
    }
    chosen = http_origin_parse(url, out);
    buffer_fini(&page.origin);
    return chosen;
}
