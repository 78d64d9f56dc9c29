/* SPDX-License-Identifier: MIT */
/*
 * laravel: a value is looked up by the name of its variable, and kept until the end.
 */
#include "laravel.h"

#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/address.h"
#include "base/buffer.h"
#include "base/dotenv.h"
#include "base/mem.h"

enum { EXPANSIONS_MAX = 5, VALUE_BYTES_MAX = 65536 };

struct laravel {
    char *folder;
    struct buffer env_path; /* NUL-terminated */
    struct dotenv *env;
    char **kept;
    size_t kept_count;
};

static void
append_path(const struct laravel *l, const char *name, struct buffer *out)
{
    buffer_printf(out, "%s%s%s%c", l->folder, *l->folder ? "/" : "", name, 0);
}

struct laravel *
laravel_open(const char *folder)
{
    struct laravel *l = mem_zalloc(sizeof(*l));
    struct str name = str_of(folder);
    struct buffer artisan = { 0 };
    bool found;

    while (name.len > 1 && str_ends(name, "/"))
        name.len--;
    l->folder = mem_copy_text(name.data ? name.data : "", name.len);
    append_path(l, ".env", &l->env_path);
    l->env = dotenv_read(l->env_path.data);
    append_path(l, "artisan", &artisan);
    found = access(artisan.data, F_OK) == 0 || dotenv_get(l->env, "APP_NAME");
    buffer_fini(&artisan);
    if (found)
        return l;
    laravel_close(l);
    return NULL;
}

void
laravel_close(struct laravel *l)
{
    if (!l)
        return;
    for (size_t i = 0; i < l->kept_count; i++)
        free(l->kept[i]);
    free(l->kept);
    dotenv_free(l->env);
    buffer_fini(&l->env_path);
    free(l->folder);
    free(l);
}

const char *
laravel_folder(const struct laravel *l)
{
    return l->folder;
}

const char *
laravel_source(const struct laravel *l)
{
    return l->env_path.data;
}

/* ---- variables ---- */

static const char *
keep_text(struct laravel *l, struct str text)
{
    l->kept = mem_resize(l->kept, l->kept_count + 1, sizeof(*l->kept));
    l->kept[l->kept_count] = mem_copy_text(text.data ? text.data : "", text.len);
    return l->kept[l->kept_count++];
}

static const char *
raw_value(const struct laravel *l, const char *name)
{
    const char *value = getenv(name);

    return value ? value : dotenv_get(l->env, name);
}

static void
expand_value(const struct laravel *l, const char *value, unsigned depth, struct buffer *out)
{
    const char *begin, *end;

    while (depth > 0 && out->len < VALUE_BYTES_MAX && (begin = strstr(value, "${")) &&
           (end = strchr(begin, '}'))) {
        char *name = mem_copy_text(begin + 2, (size_t)(end - begin - 2));
        const char *inner = raw_value(l, name);

        buffer_append(out, value, (size_t)(begin - value));
        if (inner)
            expand_value(l, inner, depth - 1, out);
        free(name);
        value = end + 1;
    }
    buffer_append_text(out, value);
}

const char *
laravel_get(struct laravel *l, const char *name)
{
    const char *value = raw_value(l, name);
    struct buffer text = { 0 };

    if (!value || strcasecmp(value, "null") == 0 || strcasecmp(value, "(null)") == 0)
        return NULL;
    if (strcasecmp(value, "empty") == 0 || strcasecmp(value, "(empty)") == 0)
        return "";
    expand_value(l, value, EXPANSIONS_MAX, &text);
    value = keep_text(l, buffer_str(&text));
    buffer_fini(&text);
    return value;
}

static const char *
not_empty(struct laravel *l, const char *name)
{
    const char *value = laravel_get(l, name);

    return value && *value ? value : NULL;
}

/* ---- Redis ---- */

/* scheme://[user][:password]@host[:port][/database]; url begins after the scheme. */
static void
read_url(struct laravel *l, struct str url, struct laravel_redis *r)
{
    struct str ignored, user, password, host, port, authority = str_cut(url, '?', &ignored);
    const char *at;

    authority = str_cut(authority, '/', &ignored);
    at = memrchr(authority.data, '@', authority.len);
    if (at) {
        size_t len = (size_t)(at - authority.data);

        user = str_cut(str_slice(authority.data, len), ':', &password);
        r->password_in_url = password.len > 0;
        if (user.len > 0 && !str_is(user, "default"))
            r->username = keep_text(l, user);
        authority = str_slice(at + 1, authority.len - len - 1);
    }
    if (str_starts(authority, "[")) { /* [::1]:port */
        host = str_cut(str_slice(authority.data + 1, authority.len - 1), ']', &port);
        str_cut(port, ':', &port);
    } else {
        host = str_cut(authority, ':', &port);
    }
    if (host.len > 0)
        r->host = keep_text(l, host);
    if (port.len > 0)
        r->port = keep_text(l, port);
}

/* REDIS_HOST may also be a socket, or have a scheme. */
static void
read_host(struct laravel *l, struct laravel_redis *r)
{
    struct str host = str_of(r->host);

    if (str_starts_nocase(host, "tls://")) {
        r->tls = true;
        r->host = keep_text(l, str_slice(host.data + 6, host.len - 6));
    } else if (str_starts_nocase(host, "unix://") || str_starts(host, "/")) {
        r->path =
            *host.data == '/' ? r->host : keep_text(l, str_slice(host.data + 7, host.len - 7));
        r->host = r->port = NULL;
    }
}

struct laravel_redis
laravel_redis(struct laravel *l)
{
    struct laravel_redis r = {
        .host = not_empty(l, "REDIS_HOST"),
        .port = not_empty(l, "REDIS_PORT"),
        .username = not_empty(l, "REDIS_USERNAME"),
        .password_variable = not_empty(l, "REDIS_PASSWORD") ? "REDIS_PASSWORD" : NULL,
    };
    const char *scheme = not_empty(l, "REDIS_SCHEME"), *url = not_empty(l, "REDIS_URL");
    const char *after_scheme = url ? strstr(url, "://") : NULL;

    if (url && str_starts_nocase(str_of(url), "unix://"))
        r.host = url;
    else if (after_scheme)
        scheme = url;
    if (r.host)
        read_host(l, &r);
    r.tls |= scheme && (str_starts_nocase(str_of(scheme), "tls") ||
                           str_starts_nocase(str_of(scheme), "rediss"));
    if (after_scheme && scheme == url)
        read_url(l, str_of(after_scheme + 3), &r);
    return r;
}

/* ---- pages ---- */

/* Of scheme://[user@]host[:port][/path]; an IPv6 address gives nothing. */
static struct str
host_of(const char *url)
{
    const char *scheme_end = strstr(url, "://");
    struct str rest = str_of(scheme_end ? scheme_end + 3 : ""), ignored;
    struct str authority = str_cut(rest, '/', &ignored);
    const char *at = authority.len > 0 ? memrchr(authority.data, '@', authority.len) : NULL;

    if (at)
        authority = str_slice(at + 1, authority.len - (size_t)(at + 1 - authority.data));
    return str_starts(authority, "[") ? STR_LIT("") : str_cut(authority, ':', &ignored);
}

const char *
laravel_origins(struct laravel *l)
{
    const char *url = not_empty(l, "APP_URL");
    struct str host = url ? host_of(url) : STR_LIT("");
    struct buffer origins = { 0 };
    struct address numeric;
    bool is_number = address_parse(host, &numeric);
    bool is_local = str_is_nocase(host, "localhost") || str_ends(host, ".localhost") ||
                    (is_number && str_starts(host, "127."));
    const char *kept;

    if (host.len == 0 || is_local)
        return NULL;
    if (str_starts(host, "www."))
        host = str_slice(host.data + 4, host.len - 4);
    buffer_append_str(&origins, host);
    if (!is_number)
        buffer_printf(&origins, ",*.%.*s", STR_ARG(host));
    kept = keep_text(l, buffer_str(&origins));
    buffer_fini(&origins);
    return kept;
}
