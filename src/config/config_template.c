/* SPDX-License-Identifier: MIT */
/*
 * config_template: the order of the members is the reference's; their values are the options
 * table's defaults, but where the document says more than an option does.
 */
#include "config/config_template.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "config/config.h"
#include "option_value.h"
#include "options.h"

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

static const struct option *
row(const char *path)
{
    const struct option *o = options_find(str_of(path));

    ENSURE(o);
    return o;
}

const char *
config_template_default(const char *path)
{
    const char *fallback = row(path)->fallback;

    return fallback ? fallback : "";
}

bool
config_template_takes(const char *path, struct str text, struct buffer *expected)
{
    struct config scratch = { 0 };
    const struct option *o = row(path);
    void *slot = (char *)&scratch + o->at;
    bool ok = utf8_valid(text) && option_value_parse(o, slot, text);

    option_value_free(o, slot);
    if (!ok)
        option_value_expected(o, expected);
    return ok;
}

static json_t *
parse(const char *json)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);

    ENSURE(value);
    return value;
}

static json_t *
default_of(const struct option *o)
{
    if (o->kind == OPTION_BOOL || o->kind == OPTION_PORT)
        return parse(o->fallback);
    return json_string(o->fallback);
}

static json_t *
answer_of(const struct config_setting *s)
{
    const struct option *o = row(s->path);
    bool flag = false;

    if (o->kind > OPTION_LIST && strcmp(s->value, "{}") == 0)
        return json_object();
    if (o->kind != OPTION_BOOL)
        return json_string(s->value);
    ENSURE(option_value_parse(o, &flag, str_of(s->value)));
    return json_boolean(flag);
}

/* The objects on the way are there. */
static void
put(json_t *root, const char *path, json_t *value)
{
    const char *dot;

    while ((dot = strchr(path, '.'))) {
        char *group = mem_copy_text(path, (size_t)(dot - path));

        root = json_object_get(root, group);
        free(group);
        path = dot + 1;
    }
    ENSURE(json_object_set_new(root, path, value) == 0);
}

static json_t *
client_of(const struct config_client *c)
{
    return json_pack("[{s:s, s:s}]", "appId", c->app_id, "key", c->key);
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
config_template_write(const struct config_setting *settings, size_t count,
    const struct config_client *client, struct buffer *out)
{
    json_t *root = json_object();
    char *text;

    for (size_t i = 0; i < COUNT_OF(members); i++) {
        const struct member *m = &members[i];

        put(root, m->path, m->json ? parse(m->json) : default_of(row(m->path)));
    }
    for (size_t i = 0; i < count; i++)
        put(root, settings[i].path, answer_of(&settings[i]));
    if (client)
        put(root, "clients", client_of(client));
    text = json_dumps(root, JSON_INDENT(1));
    ENSURE(text);
    append_with_tabs(out, text);
    free(text);
    json_decref(root);
}
