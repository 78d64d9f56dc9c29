/* SPDX-License-Identifier: MIT */
/*
 * redis_url: cut apart, then set as if each part had been written on its own.
 */
#include "redis_url.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "config/config.h"
#include "findings.h"
#include "option_value.h"
#include "options.h"

#define GROUP "databaseConfig.redis."

/* Empty: not in the text. */
struct parts {
    struct str username, password, host, port, db, path;
    bool tls;
};

static bool
is_digits(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isdigit((unsigned char)s.data[i]))
            return false;
    return s.len > 0;
}

/* The scheme; what follows its "://" stays in text. */
static struct str
take_scheme(struct str *text)
{
    const char *mark = memmem(text->data, text->len, "://", 3);
    struct str scheme = { "redis", 5 };

    if (!mark)
        return scheme;
    scheme = str_slice(text->data, (size_t)(mark - text->data));
    *text = str_slice(mark + 3, text->len - scheme.len - 3);
    return scheme;
}

/* "user:password@": up to the last @, since people forget to encode it. */
static void
take_url_user(struct str *text, struct parts *p)
{
    const char *at = text->len > 0 ? memrchr(text->data, '@', text->len) : NULL;
    struct str user;

    if (!at)
        return;
    user = str_slice(text->data, (size_t)(at - text->data));
    *text = str_slice(at + 1, text->len - user.len - 1);
    p->username = str_cut(user, ':', &p->password);
}

/* "host:6379", "[::1]:6379" */
static bool
take_host(struct str text, struct parts *p)
{
    const char *end = text.len > 0 && text.data[0] == '[' ? memchr(text.data, ']', text.len) : NULL;

    if (end) {
        p->host = str_slice(text.data + 1, (size_t)(end - text.data - 1));
        text = str_slice(end + 1, text.len - p->host.len - 2);
        if (text.len > 0 && text.data[0] != ':')
            return false;
        (void)str_cut(text, ':', &p->port);
    } else {
        p->host = str_cut(text, ':', &p->port);
    }
    return p->port.len == 0 || is_digits(p->port);
}

static bool
split_url(struct str text, struct parts *p)
{
    struct str scheme, rest;

    if (str_starts(text, "/")) {
        p->path = text;
        return true;
    }
    if (is_digits(text)) {
        p->port = text;
        return true;
    }
    scheme = take_scheme(&text);
    text = str_cut(text, '?', &rest);
    if (str_is_nocase(scheme, "unix")) {
        take_url_user(&text, p);
        p->path = text;
        return text.len > 0;
    }
    p->tls = str_is_nocase(scheme, "rediss") || str_is_nocase(scheme, "tls");
    if (!p->tls && !str_is_nocase(scheme, "redis") && !str_is_nocase(scheme, "tcp"))
        return false;
    take_url_user(&text, p);
    text = str_cut(text, '/', &p->db);
    return take_host(text, p) && (p->db.len == 0 || is_digits(p->db));
}

static int
hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* As decodeURIComponent does: a plus is a plus. */
static void
decode_percent(struct str in, struct buffer *out)
{
    for (size_t i = 0; i < in.len; i++) {
        if (in.data[i] == '%' && i + 2 < in.len && isxdigit((unsigned char)in.data[i + 1]) &&
            isxdigit((unsigned char)in.data[i + 2])) {
            buffer_append_char(out, (char)(hex(in.data[i + 1]) * 16 + hex(in.data[i + 2])));
            i += 2;
        } else {
            buffer_append_char(out, in.data[i]);
        }
    }
}

/* False: the option does not take it.  An empty part says nothing. */
static bool
set_part(struct config *c, const char *path, struct str part)
{
    enum option_origin from = options_origin(c, options_get(GROUP "url"));
    const struct option *o = options_get(path);
    struct buffer text = { 0 };
    bool good = true;

    if (part.len == 0 || options_origin(c, o) > from)
        return true;
    decode_percent(part, &text);
    good = option_value_parse(o, options_slot(c, o), buffer_str(&text));
    options_mark(c, o, from);
    buffer_fini(&text);
    return good;
}

void
redis_url_apply(struct config *c, struct findings *f, const char *where)
{
    const struct option *path = options_get(GROUP "path");
    struct parts p = { 0 };
    bool good;

    if (!c->redis_url)
        return;
    good = split_url(str_trim(str_of(c->redis_url)), &p) && set_part(c, GROUP "host", p.host) &&
           set_part(c, GROUP "port", p.port) && set_part(c, GROUP "db", p.db) &&
           set_part(c, GROUP "username", p.username) && set_part(c, GROUP "password", p.password);
    /* A text that names a host is not about a socket. */
    if (good && p.host.len > 0 &&
        options_origin(c, path) <= options_origin(c, options_get(GROUP "url")))
        option_value_free(path, options_slot(c, path));
    good = good && set_part(c, GROUP "path", p.path) &&
           set_part(c, GROUP "tls", p.tls ? STR_LIT("true") : STR_LIT(""));
    if (!good)
        findings_say(f, CONFIG_ERROR,
            "%s: databaseConfig.redis.url is not valid; expected an address like "
            "\"redis://user:password@127.0.0.1:6379/0\", with special characters in a password as "
            "%%40 (@) or %%2F (/)",
            where);
}
