/* SPDX-License-Identifier: MIT */
/*
 * config: fills in the defaults, then lets the file, the environment and the command line speak, in
 * this order, and last looks at what options say together.
 */
#include "config/config.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "config_priv.h"
#include "document.h"
#include "environment.h"
#include "findings.h"
#include "option_value.h"
#include "options.h"
#include "redis_url.h"

void *
config_slot(struct config *c, const struct option *o)
{
    return (char *)c + o->at;
}

void
config_mark(struct config *c, const struct option *o, enum config_origin origin)
{
    c->origin[options_index(o)] = (uint8_t)origin;
}

bool
config_is_set(const struct config *c, const char *path)
{
    const struct option *o = options_find(str_of(path));

    ENSURE(o);
    return c->origin[options_index(o)] != CONFIG_FROM_DEFAULT;
}

bool
config_list_has(const struct config_list *l, const char *text)
{
    for (size_t i = 0; i < l->count; i++)
        if (str_is_nocase(str_of(l->items[i]), text))
            return true;
    return false;
}

static bool
has_field(const struct option *o)
{
    return o->kind < OPTION_GROUP;
}

static struct config *
new_with_defaults(const char *file)
{
    struct config *c = mem_zalloc(sizeof(*c));

    c->file = mem_strdup(file);
    c->embedded = !file;
    c->origin = mem_resize(NULL, options_count(), sizeof(*c->origin));
    memset(c->origin, CONFIG_FROM_DEFAULT, options_count());
    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);

        if (has_field(o))
            option_value_reset(o, config_slot(c, o), o->fallback);
    }
    return c;
}

void
config_free(struct config *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);

        if (has_field(o))
            option_value_free(o, config_slot(c, o));
    }
    free(c->origin);
    free(c->file);
    free(c);
}

static void
read_settings(struct config *c, struct findings *f)
{
    const struct config_request *r = f->request;

    for (size_t i = 0; i < r->setting_count; i++) {
        const struct config_setting *s = &r->settings[i];
        const struct option *o = options_find(str_of(s->path));

        ENSURE(o);
        if (!option_value_parse(o, config_slot(c, o), str_of(s->value)))
            findings_wrong(f, s->flag, o, s->value);
        else
            config_mark(c, o, CONFIG_FROM_FLAG);
    }
}

enum { APP_ID_BYTES = 8, KEY_BYTES = 16 };

static void
random_hex(size_t bytes, char *out)
{
    unsigned char raw[KEY_BYTES];

    digest_random(raw, bytes);
    for (size_t i = 0; i < bytes; i++) {
        out[2 * i] = "0123456789abcdef"[raw[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[raw[i] & 15];
    }
    out[2 * bytes] = 0;
}

/* Whatever the environment says: nothing but loopback is listened on, and nothing is needed. */
static void
make_embedded(struct config *c)
{
    char app_id[2 * APP_ID_BYTES + 1], key[2 * KEY_BYTES + 1];

    free(c->host);
    c->host = NULL;
    c->subscriber_http = true;
    c->subscriber_redis = false;
    random_hex(APP_ID_BYTES, app_id);
    random_hex(KEY_BYTES, key);
    option_value_add_client(&c->clients, app_id, key);
}

/* Relative to the current folder, or else to the configuration's. */
static void
find_path(struct config *c, const struct option *o)
{
    char **field = config_slot(c, o);
    const char *slash = c->file ? strrchr(c->file, '/') : NULL;
    struct buffer beside = { 0 };

    if (!*field || **field == '/' || !slash || access(*field, F_OK) == 0)
        return;
    buffer_append(&beside, c->file, (size_t)(slash + 1 - c->file));
    buffer_append(&beside, *field, strlen(*field) + 1);
    if (access(beside.data, F_OK) == 0) {
        free(*field);
        *field = mem_strdup(beside.data);
    }
    buffer_fini(&beside);
}

static void
check_tls(const struct config *c, struct findings *f, const char *where)
{
    if (c->protocol != CONFIG_HTTPS)
        return;
    if (!c->ssl_cert_path)
        findings_say(f, CONFIG_ERROR,
            "%s: protocol is \"https\", but sslCertPath is not set; expected a PEM file", where);
    if (!c->ssl_key_path)
        findings_say(f, CONFIG_ERROR,
            "%s: protocol is \"https\", but sslKeyPath is not set; expected a PEM file", where);
}

/* In a list, entries without a scheme only match a page's host. */
static void
check_auth_hosts(const struct config *c, struct findings *f, const char *where)
{
    const char *only = c->auth_hosts.count == 1 ? c->auth_hosts.items[0] : NULL;

    if (only && !str_starts(str_of(only), "http://") && !str_starts(str_of(only), "https://"))
        findings_say(f, CONFIG_ERROR,
            "%s: authHost is \"%s\"; expected a URL like \"http://localhost\"", where, only);
    if (c->auth_endpoint[0] != '/')
        findings_say(f, CONFIG_ERROR,
            "%s: authEndpoint is \"%s\"; expected a path like \"/broadcasting/auth\"", where,
            c->auth_endpoint);
}

static void
check_cookie(const struct config *c, struct findings *f, const char *where)
{
    for (const char *p = c->cookie_name; *p; p++) {
        if (*p > ' ' && *p < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", *p))
            continue;
        findings_say(f, CONFIG_ERROR,
            "%s: socketio.cookie is \"%s\"; expected a name of letters and digits", where,
            c->cookie_name);
        return;
    }
}

static void
check_together(struct config *c, struct findings *f)
{
    const char *where = c->file ? c->file : "environment";

    redis_url_apply(c, f, where);
    redis_url_check(c, f, where);
    check_tls(c, f, where);
    check_auth_hosts(c, f, where);
    check_cookie(c, f, where);
    if (!c->subscriber_http && !c->subscriber_redis)
        findings_say(f, CONFIG_WARNING,
            "%s: subscribers.http and subscribers.redis are both false: no event will arrive",
            where);
    for (size_t i = 0; i < options_count(); i++)
        if (options_row(i)->kind == OPTION_PATH)
            find_path(c, options_row(i));
}

struct config *
config_load(const struct config_request *r)
{
    struct config *c = new_with_defaults(r->file);
    struct findings f = { .request = r };

    if (r->file)
        document_read(c, r->file, &f);
    environment_read(c, &f);
    read_settings(c, &f);
    if (c->embedded)
        make_embedded(c);
    check_together(c, &f);
    if (f.failed && !r->lenient) {
        config_free(c);
        return NULL;
    }
    return c;
}
