/* SPDX-License-Identifier: MIT */
/*
 * config_docs: the order of the template's members is the reference's; their values are the options
 * table's defaults, except where the document says more than an option does.
 */
#include "config/config_docs.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "config/config.h"
#include "option_value.h"
#include "options.h"

static const char intro[] =
    "# Configuration\n"
    "\n"
    "Generated from the options table (`src/config/options.c`) by `echo-server docs:config`.\n"
    "\n"
    "The file is JSON: `echo-server.json`, or else `laravel-echo-server.json`, in the current "
    "folder or `--dir`; or the file that `--config` names. `echo-server.example.json` has every "
    "option with its default. Numbers may also be written as strings; `null` and `\"\"` mean "
    "unset. An object replaces its default as a whole: `\"subscribers\": {\"redis\": true}` turns "
    "HTTP off.\n"
    "\n"
    "The command line wins over the environment, the environment over `.env` in the current "
    "folder, that over `.env` beside the file, and that over the file. `${NAME}` in a variable "
    "stands for another variable; an empty variable is unset.\n"
    "\n"
    "An unknown option is a warning. A value of the wrong type or out of range is an error, and "
    "the server does not start. Whatever laravel-echo-server started with also starts this server: "
    "a value that it ignored or coerced is a warning, which says what the value is taken as (see "
    "[migrate.md](migrate.md)).\n"
    "\n"
    "`echo-server reload`, or SIGHUP, changes the options marked `live` in the running server. The "
    "others take effect after a restart; the log then says which.\n";

static json_t *
list_of(const char *text)
{
    struct str rest = str_of(text), item;
    json_t *list;

    if (!strchr(text, ','))
        return json_string(text);
    list = json_array();
    while (rest.len > 0) {
        item = str_cut(rest, ',', &rest);
        json_array_append_new(list, json_stringn(item.data, item.len));
    }
    return list;
}

static json_t *
parse_json(const char *json)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

    ENSURE(value);
    return value;
}

static json_t *
default_of(const struct option *o)
{
    switch (o->kind) {
    case OPTION_GROUP:
    case OPTION_HEADERS:
        return json_object();
    case OPTION_CLIENTS:
    case OPTION_CERTIFICATES:
    case OPTION_NODES:
        return json_array();
    case OPTION_BOOL:
    case OPTION_SWITCH:
    case OPTION_NUMBER:
    case OPTION_PORT:
        return o->fallback ? parse_json(o->fallback) : json_null();
    case OPTION_LIST:
        return o->fallback ? list_of(o->fallback) : json_array();
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_CHOICE:
    case OPTION_IGNORED:
        return o->fallback ? json_string(o->fallback) : json_null();
    }
    return json_null();
}

/* The value is taken over.  The objects on the way exist; if one is not an object, nothing is put.
 */
static void
put_value(json_t *root, const char *path, json_t *value)
{
    const char *dot;

    while ((dot = strchr(path, '.'))) {
        char *group = mem_copy_text(path, (size_t)(dot - path));

        root = json_object_get(root, group);
        free(group);
        path = dot + 1;
    }
    if (json_is_object(root))
        ENSURE(json_object_set(root, path, value) == 0);
    json_decref(value);
}

/* ---- the manual ---- */

static void
append_row(const struct option *o, struct buffer *out)
{
    json_t *value = default_of(o);
    char *text = json_dumps(value, JSON_ENCODE_ANY);
    char env[OPTIONS_ENV_SIZE];

    buffer_printf(out, "| `%s` | ", o->path);
    option_value_expected(o, out);
    buffer_printf(out, " | `%s` | %s | %s |", text, o->live ? "yes" : "no", o->help);
    free(text);
    json_decref(value);
    if (options_env_name(o, env))
        buffer_printf(out, " `%s` |\n", env + sizeof(OPTIONS_ENV_PREFIX) - 1);
    else
        buffer_append_text(out, " |\n");
}

void
config_docs_manual(struct buffer *out)
{
    buffer_append_text(out, intro);
    buffer_append_text(out, "\n## Options\n\nThe variable of an option is `" OPTIONS_ENV_PREFIX
                            "` followed by the name in its row.\n\n"
                            "| option | value | default | live | meaning | variable |\n"
                            "|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < options_count(); i++)
        if (options_has_field(options_row(i)))
            append_row(options_row(i), out);
    buffer_append_text(out, "\n## Known, without effect\n\n"
                            "Options of laravel-echo-server and its libraries that have no effect "
                            "here; the log names those that are set.\n\n"
                            "| option | why |\n|---|---|\n");
    for (size_t i = 0; i < options_count(); i++)
        if (options_row(i)->kind == OPTION_IGNORED)
            buffer_printf(out, "| `%s` | %s |\n", options_row(i)->path, options_row(i)->help);
}

/* ---- the example ---- */

void
config_docs_example(struct buffer *out)
{
    json_t *root = json_object();
    char *text;

    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);
        /* A switch is shown as its own value, without the options inside it; one that means more
         * when it is set is shown unset. */
        bool is_null = o->kind == OPTION_SWITCH && o->text_member;

        if (o->kind <= OPTION_GROUP)
            put_value(root, o->path, is_null ? json_null() : default_of(o));
    }
    text = json_dumps(root, JSON_INDENT(4));
    buffer_append_text(out, text);
    buffer_append_char(out, '\n');
    free(text);
    json_decref(root);
}

/* ---- the file of `init` ---- */

struct member {
    const char *path;
    const char *json; /* NULL: the option's default */
};

static const struct member members[] = {
    { "authHost", NULL },
    { "authEndpoint", NULL },
    { "clients", "[]" },
    { "database", NULL },
    { "databaseConfig", "{}" },
    { "databaseConfig.redis", "{}" },
    { "databaseConfig.sqlite", "{\"databasePath\": \"/database/laravel-echo-server.sqlite\"}" },
    { "devMode", NULL },
    { "host", "null" },
    { "port", NULL },
    { "protocol", NULL },
    { "socketio", "{}" },
    { "secureOptions", "67108864" }, /* OpenSSL: no TLS 1.0 */
    { "sslCertPath", "\"\"" },
    { "sslKeyPath", "\"\"" },
    { "sslCertChainPath", "\"\"" },
    { "sslPassphrase", "\"\"" },
    { "subscribers", "{}" },
    { "subscribers.http", NULL },
    { "subscribers.redis", NULL },
    { "apiOriginAllow", "{}" },
    { "apiOriginAllow.allowCors", NULL },
    { "apiOriginAllow.allowOrigin", "\"\"" },
    { "apiOriginAllow.allowMethods", "\"\"" },
    { "apiOriginAllow.allowHeaders", "\"\"" },
};

static json_t *
answer_of(const struct config_setting *s)
{
    const struct option *o = options_get(s->path);
    bool flag = false;

    if (o->kind > OPTION_LIST && strcmp(s->value, "{}") == 0)
        return json_object();
    if (o->kind == OPTION_LIST)
        return list_of(s->value);
    if (o->kind != OPTION_BOOL)
        return json_string(s->value);
    ENSURE(option_value_parse(o, &flag, str_of(s->value)));
    return json_boolean(flag);
}

/* One blank a level, as jansson indents with 1, becomes a tab. */
static void
append_with_tabs(struct buffer *out, const char *text)
{
    bool in_indent = false;

    for (const char *p = text; *p; p++) {
        in_indent = *p == '\n' || (in_indent && *p == ' ');
        buffer_append_char(out, in_indent && *p == ' ' ? '\t' : *p);
    }
}

void
config_docs_template(const struct config_setting *settings, size_t count,
    const struct config_client *client, struct buffer *out)
{
    json_t *root = json_object();
    char *text;

    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const struct member *m = &members[i];

        put_value(root, m->path, m->json ? parse_json(m->json) : default_of(options_get(m->path)));
    }
    for (size_t i = 0; i < count; i++)
        put_value(root, settings[i].path, answer_of(&settings[i]));
    if (client)
        put_value(root, "clients",
            json_pack("[{s:s, s:s}]", "appId", client->app_id, "key", client->key));
    text = json_dumps(root, JSON_INDENT(1));
    ENSURE(text);
    append_with_tabs(out, text);
    free(text);
    json_decref(root);
}
