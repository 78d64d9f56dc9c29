/* SPDX-License-Identifier: MIT */
/*
 * config: fills in the defaults, then lets the file, the environment and the command line speak, in
 * this order, and last looks at what options say together.
 */
#include "config/config.h"

#include <glob.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "document.h"
#include "environment.h"
#include "findings.h"
#include "option_value.h"
#include "options.h"
#include "peers.h"
#include "redis_url.h"

const char *
config_name(const struct config *c)
{
    return c->file ? c->file : "environment";
}

const char *
config_default(const char *path)
{
    const char *fallback = options_get(path)->fallback;

    return fallback ? fallback : "";
}

bool
config_takes(const char *path, struct str text, struct buffer *expected)
{
    struct config scratch = { 0 };
    const struct option *o = options_get(path);
    void *slot = options_slot(&scratch, o);
    bool takes = utf8_valid(text) && option_value_parse(o, slot, text);

    option_value_free(o, slot);
    if (!takes)
        option_value_expected(o, expected);
    return takes;
}

bool
config_is_set(const struct config *c, const char *path)
{
    return options_origin(c, options_get(path)) > ORIGIN_EMPTIED;
}

bool
config_is_object(const struct config *c, const char *path)
{
    return options_origin(c, options_get(path)) == ORIGIN_OBJECT;
}

unsigned
config_log_level(const struct config *c)
{
    return c->dev_mode && !config_is_set(c, "logLevel") ? LOG_LEVEL_INFO : c->log_level;
}

bool
config_is_readable(const char *file)
{
    json_t *root = json_load_file(file, JSON_DECODE_INT_AS_REAL, NULL);
    bool readable = json_is_object(root);

    json_decref(root);
    return readable;
}

bool
config_list_has(const struct config_list *l, const char *text)
{
    for (size_t i = 0; i < l->count; i++)
        if (str_is_nocase(str_of(l->items[i]), text))
            return true;
    return false;
}

static struct config *
new_with_defaults(const char *file)
{
    struct config *c = mem_zalloc(sizeof(*c));

    c->file = mem_strdup(file);
    c->embedded = !file;
    c->origin = mem_resize(NULL, options_count(), sizeof(*c->origin));
    memset(c->origin, ORIGIN_DEFAULT, options_count());
    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);

        if (options_has_field(o))
            option_value_reset(o, options_slot(c, o), o->fallback);
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

        if (options_has_field(o))
            option_value_free(o, options_slot(c, o));
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
        const struct option *o = options_get(s->path);

        if (!option_value_parse(o, options_slot(c, o), str_of(s->value)))
            findings_wrong(f, s->flag, o, s->value);
        else
            options_mark(c, o, ORIGIN_FLAG);
    }
}

enum { APP_ID_BYTES = 8, KEY_BYTES = 16 };

/* Whatever the environment says: nothing but loopback is listened on, and nothing is needed. */
static void
make_embedded(struct config *c)
{
    char app_id[2 * APP_ID_BYTES + 1], key[2 * KEY_BYTES + 1];

    free(c->host);
    c->host = NULL;
    c->subscriber_http = true;
    c->subscriber_redis = false;
    digest_random_hex(APP_ID_BYTES, app_id);
    digest_random_hex(KEY_BYTES, key);
    option_value_add(options_get("clients"), &c->clients,
        &(struct config_client){ mem_strdup(app_id), mem_strdup(key) });
}

/* A file, or a pattern that some file matches. */
static bool
is_there(const char *path)
{
    glob_t found;
    bool matched;

    if (access(path, F_OK) == 0)
        return true;
    matched = strpbrk(path, "*?[") && glob(path, GLOB_NOSORT, NULL, &found) == 0;
    if (matched)
        globfree(&found);
    return matched;
}

/* Relative to the current folder, or else to the configuration's. */
static void
find_path(struct config *c, char **field)
{
    const char *slash = c->file ? strrchr(c->file, '/') : NULL;
    struct buffer beside = { 0 };

    if (!*field || **field == '/' || !slash || is_there(*field))
        return;
    buffer_append(&beside, c->file, (size_t)(slash + 1 - c->file));
    buffer_append(&beside, *field, strlen(*field) + 1);
    if (is_there(beside.data)) {
        free(*field);
        *field = mem_strdup(beside.data);
    }
    buffer_fini(&beside);
}

static void
find_paths(struct config *c)
{
    for (size_t i = 0; i < options_count(); i++)
        if (options_row(i)->kind == OPTION_PATH)
            find_path(c, options_slot(c, options_row(i)));
    for (size_t i = 0; i < c->certificates.count; i++) {
        find_path(c, &c->certificates.items[i].cert_path);
        find_path(c, &c->certificates.items[i].key_path);
        find_path(c, &c->certificates.items[i].chain_path);
    }
}

static bool
is_url(const char *text)
{
    return str_starts(str_of(text), "http://") || str_starts(str_of(text), "https://");
}

/* The application is then said to be where the server itself is. */
static void
auth_host_is_host(struct config *c, struct findings *f, const char *where)
{
    const struct option *o = options_get("authHost");
    struct buffer url = { 0 };

    if (options_origin(c, o) != ORIGIN_EMPTIED || !c->host)
        return;
    buffer_printf(&url, strchr(c->host, ':') ? "http://[%s]" : "http://%s", c->host);
    option_value_reset(o, &c->auth_hosts, NULL);
    if (option_value_add_entry(o, &c->auth_hosts, buffer_str(&url)))
        findings_say(f, CONFIG_WARNING, "%s: authHost is not set; taken as host: %s", where,
            c->auth_hosts.items[0]);
    buffer_fini(&url);
}

/* In a list, entries without a scheme only match a page's host. */
static void
check_auth_hosts(const struct config *c, struct findings *f, const char *where)
{
    const char *only = c->auth_hosts.count == 1 ? c->auth_hosts.items[0] : NULL;

    if (only && !is_url(only))
        findings_say(f, CONFIG_WARNING,
            "%s: authHost is \"%s\", which has no scheme: private channels are for pages of that "
            "host alone; expected a URL like \"http://localhost\"",
            where, only);
}

static void
replace_text(char **field, const char *text)
{
    char *copy = mem_strdup(text);

    free(*field);
    *field = copy;
}

static void
check_auth_endpoint(struct config *c, struct findings *f, const char *where)
{
    struct buffer path = { 0 };

    if (c->auth_endpoint[0] == '/')
        return;
    buffer_printf(&path, "/%s", c->auth_endpoint);
    findings_say(f, CONFIG_WARNING,
        "%s: authEndpoint is \"%s\"; taken as \"%.*s\"; expected a path like "
        "\"/broadcasting/auth\"",
        where, c->auth_endpoint, STR_ARG(buffer_str(&path)));
    buffer_append_char(&path, 0);
    replace_text(&c->auth_endpoint, path.data);
    buffer_fini(&path);
}

static void
check_cookie(struct config *c, struct findings *f, const char *where)
{
    for (const char *p = c->cookie_name; *p; p++) {
        if (*p > ' ' && *p < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", *p))
            continue;
        findings_say(f, CONFIG_WARNING,
            "%s: socketio.cookie is \"%s\"; taken as \"io\"; expected a name of letters and digits",
            where, c->cookie_name);
        replace_text(&c->cookie_name, "io");
        return;
    }
}

/* A port that is none does not keep a server from starting that has no need of Redis. */
static void
check_redis(struct config *c, struct findings *f, const char *where)
{
    const struct option *o = options_get("databaseConfig.redis.port");

    if (c->redis_port != 0)
        return;
    if (c->subscriber_redis)
        findings_wrong(f, where, o, "not right, and subscribers.redis is on");
    option_value_reset(o, &c->redis_port, o->fallback);
}

static void
check_together(struct config *c, struct findings *f)
{
    const char *where = config_name(c);

    redis_url_apply(c, f, where);
    redis_url_check(c, f, where);
    peers_check(c, f, where);
    auth_host_is_host(c, f, where);
    check_auth_hosts(c, f, where);
    check_auth_endpoint(c, f, where);
    check_cookie(c, f, where);
    check_redis(c, f, where);
    if (!c->subscriber_http && !c->subscriber_redis)
        findings_say(f, CONFIG_WARNING,
            "%s: subscribers.http and subscribers.redis are both false: no event will arrive",
            where);
    find_paths(c);
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

/* ---- a reload ---- */

/* Some options mean more when they are given, also with their default. */
static bool
differs(const struct config *next, const struct config *running, const struct option *o)
{
    bool given = options_origin(next, o) != ORIGIN_DEFAULT;
    bool was_given = options_origin(running, o) != ORIGIN_DEFAULT;
    const char *a = (const char *)next + o->at, *b = (const char *)running + o->at;

    return !option_value_same(o, a, b) || (o->live && given != was_given);
}

void
config_reconcile(struct config *next, const struct config *running,
    void (*on_change)(void *owner, const char *path, bool live), void *owner)
{
    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);

        if (!options_has_field(o))
            continue;
        if (differs(next, running, o))
            on_change(owner, o->path, o->live);
        if (o->live)
            continue;
        option_value_copy(o, options_slot(next, o), (const char *)running + o->at);
        options_mark(next, o, options_origin(running, o));
    }
}
