/* SPDX-License-Identifier: MIT */
/*
 * config: fills in the defaults, then reads the file, the environment and the command line, in this
 * order, and at last checks the options against each other.
 */
#include "config/config.h"

#include <glob.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/dotenv.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "coercion.h"
#include "cross_checks.h"
#include "document.h"
#include "document_load.h"
#include "findings.h"
#include "option_value.h"
#include "options.h"
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
    const struct config_request silent = { 0 };
    struct findings f = { .request = &silent };
    json_t *root = document_load(file, &f);
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

/* The path of a file in the folder of the configuration, for free(); NULL: that is this folder. */
static char *
path_beside(const struct config *c, const char *name)
{
    const char *slash = c->file ? strrchr(c->file, '/') : NULL;
    struct buffer path = { 0 };
    char *beside;

    if (!slash)
        return NULL;
    buffer_append(&path, c->file, (size_t)(slash + 1 - c->file));
    buffer_append_text(&path, name);
    beside = mem_copy_text(path.data, path.len);
    buffer_fini(&path);
    return beside;
}

/* ---- the environment and the command line ---- */

struct sources {
    struct dotenv *here, *beside;
};

/* First in the process's environment, then here, then beside the file.  An empty value is unset. */
static const char *
find_variable(const struct sources *s, const char *name)
{
    const char *value = getenv(name);

    if (!value || !*value)
        value = dotenv_get(s->here, name);
    if (!value || !*value)
        value = dotenv_get(s->beside, name);
    return value && *value ? value : NULL;
}

/*
 * "${NAME}" stands for another variable, and as in laravel-echo-server for the whole value,
 * whatever is written around it.  The result may be NULL.
 */
static const char *
resolve_variable(
    const struct sources *s, const char *variable, const char *value, struct findings *f)
{
    const char *begin = value ? strstr(value, "${") : NULL;
    const char *end = begin ? strchr(begin, '}') : NULL;
    char *name;

    if (!end)
        return value;
    name = mem_copy_text(begin + 2, (size_t)(end - begin - 2));
    if (begin > value || end[1])
        findings_say(f, CONFIG_WARNING,
            "%s: the whole value is taken from %s; expected \"${%s}\" and nothing around it",
            variable, name, name);
    value = find_variable(s, name);
    free(name);
    return value;
}

static void
read_variable(struct config *c, const struct option *o, const struct sources *s, struct findings *f)
{
    void *slot = options_slot(c, o);
    char name[OPTIONS_ENV_SIZE];
    enum coercion result;
    const char *value;

    if (!options_env_name(o, name))
        return;
    value = resolve_variable(s, name, find_variable(s, name), f);
    if (!value)
        return;
    result = coercion_read_text(o, slot, str_of(value));
    if (result == COERCION_READ || result == COERCION_TAKEN)
        options_mark(c, o, ORIGIN_ENVIRONMENT);
    if (result != COERCION_READ)
        findings_value(f, name, o, value, result == COERCION_WRONG ? NULL : slot);
}

/* What Kubernetes sets for a service called laravel-echo-server: _SERVICE_HOST, _PORT_6001_TCP. */
static bool
is_from_kubernetes(struct str own)
{
    return str_starts(own, "SERVICE_") || (str_starts(own, "PORT_") && str_contains(own, "_TCP"));
}

static bool
is_variable(const char *name)
{
    char taken[OPTIONS_ENV_SIZE];

    for (size_t i = 0; i < options_count(); i++)
        if (options_env_name(options_row(i), taken) && strcmp(taken, name) == 0)
            return true;
    return false;
}

static void
check_variable(const char *name, struct findings *f)
{
    struct str s = str_of(name), prefix = STR_LIT(OPTIONS_ENV_PREFIX);

    if (str_starts(s, prefix.data) && !is_variable(name) &&
        !is_from_kubernetes(str_slice(s.data + prefix.len, s.len - prefix.len)))
        findings_unknown_variable(f, name);
}

static void
check_variables(const struct sources *s, struct findings *f)
{
    const char *name;

    for (char **entry = environ; *entry; entry++) {
        char *copy = mem_copy_text(*entry, strcspn(*entry, "="));

        check_variable(copy, f);
        free(copy);
    }
    for (size_t i = 0; (name = dotenv_name(s->here, i)); i++)
        if (!getenv(name))
            check_variable(name, f);
    for (size_t i = 0; (name = dotenv_name(s->beside, i)); i++)
        if (!getenv(name) && !dotenv_get(s->here, name))
            check_variable(name, f);
}

static void
read_environment(struct config *c, struct findings *f)
{
    char *beside = path_beside(c, ".env");
    struct sources s = { dotenv_read(".env"), beside ? dotenv_read(beside) : NULL };

    for (size_t i = 0; i < options_count(); i++)
        read_variable(c, options_row(i), &s, f);
    check_variables(&s, f);
    dotenv_free(s.here);
    dotenv_free(s.beside);
    free(beside);
}

static void
read_settings(struct config *c, struct findings *f)
{
    const struct config_request *r = f->request;

    for (size_t i = 0; i < r->setting_count; i++) {
        const struct config_setting *s = &r->settings[i];
        const struct option *o = options_get(s->path);

        if (!option_value_parse(o, options_slot(c, o), str_of(s->value)))
            findings_value(f, s->flag, o, s->value, NULL);
        else
            options_mark(c, o, ORIGIN_FLAG);
    }
}

enum { APP_ID_BYTES = 8, KEY_BYTES = 16 };

struct config_client
config_make_client(void)
{
    char app_id[2 * APP_ID_BYTES + 1], key[2 * KEY_BYTES + 1];

    digest_random_hex(APP_ID_BYTES, app_id);
    digest_random_hex(KEY_BYTES, key);
    return (struct config_client){ mem_strdup(app_id), mem_strdup(key) };
}

/* Whatever the environment says: nothing but loopback is listened on, and nothing is needed. */
static void
make_embedded(struct config *c)
{
    struct config_client client = config_make_client();

    free(c->host);
    c->host = NULL;
    c->subscriber_http = true;
    c->subscriber_redis = false;
    option_value_add(options_get("clients"), &c->clients, &client);
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
    char *beside;

    if (!*field || **field == '/' || is_there(*field))
        return;
    beside = path_beside(c, *field);
    if (beside && is_there(beside)) {
        free(*field);
        *field = beside;
    } else {
        free(beside);
    }
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

void
config_each_file(const struct config *c, void (*each)(void *owner, const char *path), void *owner)
{
    char *beside = path_beside(c, ".env");

    each(owner, ".env");
    if (beside)
        each(owner, beside);
    free(beside);
    if (c->file)
        each(owner, c->file);
    for (size_t i = 0; i < options_count(); i++) {
        const char *path = NULL;

        if (options_row(i)->kind == OPTION_PATH)
            path = *(char *const *)((const char *)c + options_row(i)->at);
        if (path && !strstr(path, "-----BEGIN")) /* the text of a certificate itself */
            each(owner, path);
    }
    for (size_t i = 0; i < c->certificates.count; i++) {
        const struct config_certificate *more = &c->certificates.items[i];

        each(owner, more->cert_path);
        each(owner, more->key_path);
        if (more->chain_path)
            each(owner, more->chain_path);
    }
}

struct config *
config_load(const struct config_request *r)
{
    struct config *c = new_with_defaults(r->file);
    struct findings f = { .request = r };

    if (r->file)
        document_read(c, &f);
    read_environment(c, &f);
    read_settings(c, &f);
    if (c->embedded)
        make_embedded(c);
    redis_url_apply(c, &f, config_name(c));
    cross_checks_run(c, &f, config_name(c));
    find_paths(c);
    ENSURE(c->port > 0 && c->redis_port > 0 && c->auth_endpoint[0] == '/');
    ENSURE(c->auth_hosts.count > 0 && c->transports.count > 0);
    if (f.failed && !r->lenient) {
        config_free(c);
        return NULL;
    }
    return c;
}

/* ---- a reload ---- */

/* Some options mean more when they are set, even to their default. */
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
