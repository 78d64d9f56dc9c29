/* SPDX-License-Identifier: MIT */
/*
 * laravel: a value is asked for by the name of its variable, and kept for whoever asks.
 */
#include "laravel.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

#include "base/dotenv.h"
#include "base/mem.h"
#include "laravel_prefix.h"
#include "laravel_slug.h"

enum { EXPANSIONS_MAX = 5, VALUE_BYTES_MAX = 65536, PHP_FILE_MAX = 1 << 20 };

struct laravel {
    char *folder;
    struct buffer env_path; /* NUL-terminated */
    struct dotenv *env;
    char **kept;
    size_t kept_count;
};

static void
make_path(const struct laravel *l, const char *name, struct buffer *out)
{
    buffer_printf(out, "%s%s%s%c", l->folder, *l->folder ? "/" : "", name, 0);
}

static bool
has_artisan(const struct laravel *l)
{
    struct buffer path = { 0 };
    bool there;

    make_path(l, "artisan", &path);
    there = access(path.data, F_OK) == 0;
    buffer_fini(&path);
    return there;
}

struct laravel *
laravel_open(const char *folder)
{
    struct laravel *l = mem_zalloc(sizeof(*l));
    struct str name = str_of(folder);

    while (name.len > 1 && str_ends(name, "/"))
        name.len--;
    l->folder = mem_copy_text(name.data ? name.data : "", name.len);
    make_path(l, ".env", &l->env_path);
    l->env = dotenv_read(l->env_path.data);
    if (has_artisan(l) || dotenv_get(l->env, "APP_NAME"))
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
laravel_source(const struct laravel *l)
{
    return l->env_path.data;
}

/* ---- variables ---- */

static const char *
keep(struct laravel *l, struct str text)
{
    l->kept = mem_resize(l->kept, l->kept_count + 1, sizeof(*l->kept));
    l->kept[l->kept_count] = mem_copy_text(text.data ? text.data : "", text.len);
    return l->kept[l->kept_count++];
}

static const char *
raw(const struct laravel *l, const char *name)
{
    const char *value = getenv(name);

    return value ? value : dotenv_get(l->env, name);
}

static void
expand(const struct laravel *l, const char *value, unsigned depth, struct buffer *out)
{
    const char *begin, *end;

    while (depth > 0 && out->len < VALUE_BYTES_MAX && (begin = strstr(value, "${")) &&
           (end = strchr(begin, '}'))) {
        char *name = mem_copy_text(begin + 2, (size_t)(end - begin - 2));
        const char *inner = raw(l, name);

        buffer_append(out, value, (size_t)(begin - value));
        if (inner)
            expand(l, inner, depth - 1, out);
        free(name);
        value = end + 1;
    }
    buffer_append_text(out, value);
}

const char *
laravel_get(struct laravel *l, const char *name)
{
    const char *value = raw(l, name);
    struct buffer text = { 0 };

    if (!value || strcasecmp(value, "null") == 0 || strcasecmp(value, "(null)") == 0)
        return NULL;
    if (strcasecmp(value, "empty") == 0 || strcasecmp(value, "(empty)") == 0)
        return "";
    expand(l, value, EXPANSIONS_MAX, &text);
    value = keep(l, buffer_str(&text));
    buffer_fini(&text);
    return value;
}

/* ---- Redis ---- */

static const char *
not_empty(struct laravel *l, const char *name)
{
    const char *value = laravel_get(l, name);

    return value && *value ? value : NULL;
}

/* host, host:port, or [::1]:port */
static void
read_authority(struct laravel *l, struct str authority, struct laravel_redis *r)
{
    struct str host, port;

    if (str_starts(authority, "[")) {
        host = str_cut(str_slice(authority.data + 1, authority.len - 1), ']', &port);
        str_cut(port, ':', &port);
    } else {
        host = str_cut(authority, ':', &port);
    }
    if (host.len > 0)
        r->host = keep(l, host);
    if (port.len > 0)
        r->port = keep(l, port);
}

/* scheme://[user][:password]@host[:port][/database]; url begins behind the scheme. */
static void
read_url(struct laravel *l, struct str url, struct laravel_redis *r)
{
    struct str ignored, user, password, authority = str_cut(url, '?', &ignored);
    const char *at;

    authority = str_cut(authority, '/', &ignored);
    at = memrchr(authority.data, '@', authority.len);
    if (at) {
        size_t len = (size_t)(at - authority.data);

        user = str_cut(str_slice(authority.data, len), ':', &password);
        r->password_in_url = password.len > 0;
        if (user.len > 0 && !str_is(user, "default"))
            r->username = keep(l, user);
        authority = str_slice(at + 1, authority.len - len - 1);
    }
    read_authority(l, authority, r);
}

/* REDIS_HOST is also a socket, or has a scheme. */
static void
read_host(struct laravel *l, struct laravel_redis *r)
{
    struct str host = str_of(r->host);

    if (str_starts(host, "tls://")) {
        r->tls = true;
        r->host = keep(l, str_slice(host.data + 6, host.len - 6));
    } else if (str_starts(host, "unix://") || str_starts(host, "/")) {
        r->path = *host.data == '/' ? r->host : keep(l, str_slice(host.data + 7, host.len - 7));
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
    const char *behind = url ? strstr(url, "://") : NULL;

    if (url && str_starts(str_of(url), "unix://"))
        r.host = url;
    else if (behind)
        scheme = url;
    if (r.host)
        read_host(l, &r);
    r.tls |= scheme && (str_starts(str_of(scheme), "tls") || str_starts(str_of(scheme), "rediss"));
    if (behind && scheme == url)
        read_url(l, str_of(behind + 3), &r);
    return r;
}

/* ---- the prefix ---- */

static struct laravel_prefix
read_php(const struct laravel *l, const char *name)
{
    struct laravel_prefix p = { 0 };
    struct buffer path = { 0 }, php = { 0 };
    FILE *file;

    make_path(l, name, &path);
    file = fopen(path.data, "re");
    if (file) {
        php.len = fread(buffer_reserve(&php, PHP_FILE_MAX), 1, PHP_FILE_MAX, file);
        p = laravel_prefix_read(buffer_str(&php));
        fclose(file);
    }
    buffer_fini(&php);
    buffer_fini(&path);
    return p;
}

/* The application's file, or the framework's own when it was left out. */
static struct laravel_prefix
find_prefix(const struct laravel *l, const char **where)
{
    static const char *const files[] = { "config/database.php",
        "vendor/laravel/framework/config/database.php" };
    struct laravel_prefix p = { 0 };
    struct buffer path = { 0 };

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        *where = files[i];
        buffer_clear(&path);
        make_path(l, files[i], &path);
        if (access(path.data, F_OK) != 0)
            continue;
        p = read_php(l, files[i]);
        break;
    }
    buffer_fini(&path);
    return p;
}

/* False: the slug may be another one. */
static bool
add(struct laravel_prefixes *out, const char *name, char separator, const char *text)
{
    struct buffer *item = &out->items[out->count++];
    bool exact = !name || laravel_slug(str_of(name), separator, item);

    buffer_printf(item, "%s%c", text, 0);
    return exact;
}

void
laravel_prefixes(struct laravel *l, struct laravel_prefixes *out)
{
    const char *where, *name = laravel_get(l, "APP_NAME"), *set = laravel_get(l, "REDIS_PREFIX");
    struct laravel_prefix p = find_prefix(l, &where);
    bool exact;

    *out = (struct laravel_prefixes){ 0 };
    name = name ? name : "laravel";
    if (set && (p.from_env || !p.known)) {
        exact = add(out, NULL, 0, set);
        snprintf(out->why, sizeof(out->why), "REDIS_PREFIX is set");
    } else if (p.known) {
        exact = add(out, p.slugged ? name : NULL, p.separator, p.text);
        snprintf(out->why, sizeof(out->why), "%s%s", p.slugged ? "APP_NAME and " : "", where);
    } else {
        exact = add(out, name, '_', "_database_");
        exact = add(out, name, '-', "-database-") && exact;
        snprintf(
            out->why, sizeof(out->why), "made of APP_NAME, as Laravel's own configuration does");
    }
    out->certain = exact && p.known;
    if (!exact)
        laravel_prefixes_fini(out);
}

void
laravel_prefixes_fini(struct laravel_prefixes *p)
{
    for (size_t i = 0; i < COUNT_OF(p->items); i++)
        buffer_fini(&p->items[i]);
    p->count = 0;
}

bool
laravel_prefixes_have(const struct laravel_prefixes *p, const char *prefix)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->items[i].data, prefix) == 0)
            return true;
    return false;
}
