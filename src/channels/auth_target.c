/* SPDX-License-Identifier: MIT */
/*
 * auth_target: the options looked at once, for all workers.
 */
#include "channels/auth_target.h"

#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_origin.h"
#include "net/connector.h"
#include "tls/tls_client.h"

enum { REFERER_HOST_MAX = 255 };

static bool
needs_tls(const struct auth_options *o)
{
    for (size_t i = 0; i < o->host_count; i++) {
        if (!str_starts_nocase(str_of(o->hosts[i]), "http://"))
            return true; /* without a scheme the Referer's decides */
    }
    return false;
}

static void
warn_of_loopback(const struct auth_options *o)
{
    struct http_origin origin;

    for (size_t i = 0; i < o->host_count; i++) {
        if (!http_origin_parse(str_of(o->hosts[i]), &origin) || !origin.tls ||
            !http_origin_is_loopback(&origin))
            continue;
        if (log_first(STR_LIT("loopback authHost")))
            log_notice("authHost is a loopback address, so its certificate is not verified host=%s",
                LOG_STR(str_of(o->hosts[i])));
        return;
    }
}

/* Public channels are served without it. */
static void
warn_of_unusable(const struct auth_options *o)
{
    struct http_origin origin;

    for (size_t i = 0; i < o->host_count; i++) {
        struct str host = str_of(o->hosts[i]);

        if (str_contains(host, "://") && !http_origin_parse(host, &origin))
            log_warning("authHost is not an http or https URL: private channels that would ask it "
                        "are refused host=%s",
                LOG_STR(host));
    }
}

static bool
options_make_sense(const struct auth_options *o, struct buffer *error)
{
    ENSURE(o->host_count > 0);
    if (o->endpoint[0] == '/')
        return true;
    buffer_printf(error, "authEndpoint: \"%s\" must begin with \"/\"", o->endpoint);
    return false;
}

static bool
auth_target_open_tls(struct auth_target *t, struct buffer *error)
{
    const struct auth_options *o = &t->options;

    if (!needs_tls(o))
        return true;
    if (o->ca_path)
        buffer_append_text(error, "authCaPath: ");
    t->tls = tls_client_new(o->verify_tls, o->ca_path, error);
    if (!t->tls)
        return false;
    buffer_clear(error);
    t->tls_loopback = tls_client_new(false, NULL, error);
    if (o->verify_tls)
        warn_of_loopback(o);
    return t->tls_loopback != NULL;
}

struct auth_target *
auth_target_new(const struct auth_options *o, struct buffer *error)
{
    struct auth_target *t;

    if (!options_make_sense(o, error))
        return NULL;
    warn_of_unusable(o);
    t = mem_zalloc(sizeof(*t));
    t->options = *o;
    if (auth_target_open_tls(t, error))
        return t;
    auth_target_free(t);
    return NULL;
}

void
auth_target_free(struct auth_target *t)
{
    if (!t)
        return;
    connector_secure_unref(t->tls);
    connector_secure_unref(t->tls_loopback);
    free(t);
}

/* ---- which of several applications is asked, after the page that the browser came from ---- */

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
page_without_port(struct str host)
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
    if (!str_is(buffer_str(&p->origin), "http://") && !str_is(buffer_str(&p->origin), "https://"))
        return false;
    append_lower(&p->origin, authority);
    p->host = str_slice(p->origin.data + scheme_len, authority.len);
    p->name = page_without_port(p->host);
    return true;
}

/* What stands after the name and its colon, else the default. */
static struct str
port_after(struct str name, struct str host, const char *fallback)
{
    if (host.len <= name.len + 1)
        return str_of(fallback);
    return str_slice(host.data + name.len + 1, host.len - name.len - 1);
}

/*
 * ".example.com" or ".example.com:8443".  The page decides which host below it is asked, and
 * whether by http or https, but not at which port.
 */
static bool
page_is_below(const struct page *p, struct str entry)
{
    const char *port = str_starts(buffer_str(&p->origin), "https://") ? "443" : "80";
    struct str name = page_without_port(entry);

    if (name.len < 2 || name.data[0] != '.' || p->name.len <= name.len)
        return false;
    return str_equal(port_after(p->name, p->host, port), port_after(name, entry, port)) &&
           str_equal(str_slice(p->name.data + p->name.len - name.len, name.len), name);
}

static bool
page_matches(const struct page *p, const char *entry)
{
    return str_is(buffer_str(&p->origin), entry) || str_is(p->host, entry) ||
           page_is_below(p, str_of(entry));
}

bool
auth_target_choose(
    const char *const *hosts, size_t count, struct str referer, struct http_origin *out)
{
    struct page page = { 0 };
    struct str url = str_of(hosts[referer.len > 0 ? count - 1 : 0]);
    bool chosen;

    if (referer.len > 0 && page_parse(referer, &page)) {
        for (size_t i = 0; i < count; i++) {
            if (!page_matches(&page, hosts[i]))
                continue;
            url = buffer_str(&page.origin);
            break;
        }
    }
    chosen = http_origin_parse(url, out);
    buffer_fini(&page.origin);
    return chosen;
}
