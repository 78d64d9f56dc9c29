/* SPDX-License-Identifier: MIT */
/*
 * document: walks the file's objects; each member's path finds its row in the options table, and a
 * scalar becomes text for the row's parser, so a number may also stand there as a string.
 */
#include "document.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "config_priv.h"
#include "findings.h"
#include "nodes.h"
#include "option_value.h"
#include "options.h"

enum { DOCUMENT_PATH_SIZE = 200 };

/* One reading. */
struct reading {
    struct config *config;
    const char *file;
    struct findings *findings;
};

static void read_object(struct reading *r, const json_t *object, const char *prefix, bool open);

static void
wrong(struct reading *r, const struct option *o, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    findings_wrong(r->findings, r->file, o, text ? text : "?");
    free(text);
}

static void
unknown(struct reading *r, const char *path)
{
    const char *near = options_nearest(path);

    findings_say(r->findings, CONFIG_WARNING, "%s: %s is no option%s%s%s", r->file, path,
        near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static bool
is_text_kind(const struct option *o)
{
    return o->kind == OPTION_TEXT || o->kind == OPTION_PATH;
}

/* 1e6 is an integer to JavaScript. */
static bool
append_number(const json_t *value, struct buffer *out)
{
    double real;

    if (json_is_integer(value)) {
        buffer_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        return true;
    }
    real = json_real_value(value);
    if (fabs(real) > 1e15 || (double)(int64_t)real != real)
        return false;
    buffer_printf(out, "%.0f", real);
    return true;
}

/* The text of a scalar; false: its type is wrong for the row. */
static bool
append_scalar(const struct option *o, const json_t *value, struct buffer *out)
{
    bool takes_bool = o->kind == OPTION_BOOL || o->kind == OPTION_SWITCH;

    switch (json_typeof(value)) {
    case JSON_STRING:
        buffer_append(out, json_string_value(value), json_string_length(value));
        return true;
    case JSON_INTEGER:
    case JSON_REAL:
        return !takes_bool && append_number(value, out);
    case JSON_TRUE:
    case JSON_FALSE:
        buffer_append_text(out, json_is_true(value) ? "true" : "false");
        return takes_bool;
    case JSON_OBJECT:
    case JSON_ARRAY:
    case JSON_NULL:
        return false;
    }
    return false;
}

/* Empty texts are unset, as the files that `init` wrote have them. */
static void
read_scalar(struct reading *r, const struct option *o, const json_t *value)
{
    struct buffer text = { 0 };

    if (is_text_kind(o) && o->false_is_none && json_is_false(value)) {
        option_value_free(o, config_slot(r->config, o));
        config_mark(r->config, o, CONFIG_FROM_FILE);
        return;
    }
    if (!append_scalar(o, value, &text))
        wrong(r, o, value);
    else if (text.len > 0 && !option_value_parse(o, config_slot(r->config, o), buffer_str(&text)))
        wrong(r, o, value);
    else if (text.len > 0)
        config_mark(r->config, o, CONFIG_FROM_FILE);
    buffer_fini(&text);
}

static void
read_list(struct reading *r, const struct option *o, const json_t *value)
{
    void *slot = config_slot(r->config, o);
    const json_t *item;
    size_t i;

    if (!json_is_array(value)) {
        read_scalar(r, o, value);
        return;
    }
    if (json_array_size(value) == 0)
        return;
    option_value_free(o, slot);
    config_mark(r->config, o, CONFIG_FROM_FILE);
    json_array_foreach(value, i, item)
    {
        struct str text = { json_string_value(item), json_string_length(item) };

        if (!json_is_string(item) || !option_value_add_text(o, slot, text))
            wrong(r, o, item);
    }
}

/* An id may also be written as a number. */
static bool
read_client(struct config *c, const struct option *o, const json_t *client)
{
    const json_t *id = json_object_get(client, "appId");
    const char *key = json_string_value(json_object_get(client, "key"));
    char number[32];

    if (!key || !*key)
        return false;
    if (json_is_integer(id)) {
        snprintf(number, sizeof(number), "%" JSON_INTEGER_FORMAT, json_integer_value(id));
        option_value_add_client(config_slot(c, o), number, key);
        return true;
    }
    if (!json_is_string(id) || json_string_length(id) == 0)
        return false;
    option_value_add_client(config_slot(c, o), json_string_value(id), key);
    return true;
}

static void
read_clients(struct reading *r, const struct option *o, const json_t *value)
{
    const json_t *client;
    size_t i;

    if (!json_is_array(value)) {
        wrong(r, o, value);
        return;
    }
    config_mark(r->config, o, CONFIG_FROM_FILE);
    json_array_foreach(value, i, client)
    {
        /* The entry is not shown: it may hold a key. */
        if (!read_client(r->config, o, client))
            findings_say(r->findings, CONFIG_ERROR,
                "%s: %s[%zu] is no client; expected {\"appId\": \"...\", \"key\": \"...\"}",
                r->file, o->path, i);
    }
}

static void
read_headers(struct reading *r, const struct option *o, const json_t *value)
{
    const char *name;
    json_t *text;

    if (!json_is_object(value)) {
        wrong(r, o, value);
        return;
    }
    config_mark(r->config, o, CONFIG_FROM_FILE);
    json_object_foreach((json_t *)value, name, text)
    {
        struct buffer line = { 0 };

        if (!append_scalar(&(struct option){ .kind = OPTION_TEXT }, text, &line) ||
            !option_value_add_header(config_slot(r->config, o), str_of(name), buffer_str(&line)))
            findings_say(r->findings, CONFIG_ERROR,
                "%s: %s.%s is no header; expected a text without line breaks", r->file, o->path,
                name);
        buffer_fini(&line);
    }
}

/* Objects replace their default whole. */
static void
enter_group(struct config *c, const struct option *group)
{
    size_t len = strlen(group->path);

    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);

        if (o->in_group && strncmp(o->path, group->path, len) == 0 && o->path[len] == '.')
            option_value_reset(o, config_slot(c, o), o->in_group);
    }
}

static void
read_nodes(struct reading *r, const struct option *o, const json_t *value)
{
    if (nodes_read(o, config_slot(r->config, o), value))
        config_mark(r->config, o, CONFIG_FROM_FILE);
    else
        wrong(r, o, value);
}

static void
read_group(struct reading *r, const struct option *o, const json_t *value)
{
    if (o->text_member && json_is_string(value)) {
        config_mark(r->config, o, CONFIG_FROM_FILE);
        read_scalar(r, options_find(str_of(o->text_member)), value);
        return;
    }
    if (!json_is_object(value)) {
        wrong(r, o, value);
        return;
    }
    enter_group(r->config, o);
    config_mark(r->config, o, CONFIG_FROM_FILE);
    read_object(r, value, o->path, o->open);
}

static void
read_switch(struct reading *r, const struct option *o, const json_t *value)
{
    if (json_is_object(value)) {
        *(bool *)config_slot(r->config, o) = true;
        config_mark(r->config, o, CONFIG_FROM_FILE);
        read_object(r, value, o->path, o->open);
        return;
    }
    if (json_is_string(value) && o->text_member && json_string_length(value) > 0) {
        *(bool *)config_slot(r->config, o) = true;
        config_mark(r->config, o, CONFIG_FROM_FILE);
        o = options_find(str_of(o->text_member));
    }
    read_scalar(r, o, value);
}

static bool
is_empty(const json_t *value)
{
    return json_is_null(value) || json_is_false(value) ||
           (json_is_string(value) && json_string_length(value) == 0);
}

static void
read_value(struct reading *r, const struct option *o, const json_t *value)
{
    if (json_is_null(value))
        return;
    switch (o->kind) {
    case OPTION_GROUP:
        read_group(r, o, value);
        return;
    case OPTION_SWITCH:
        read_switch(r, o, value);
        return;
    case OPTION_LIST:
        read_list(r, o, value);
        return;
    case OPTION_CLIENTS:
        read_clients(r, o, value);
        return;
    case OPTION_HEADERS:
        read_headers(r, o, value);
        return;
    case OPTION_NODES:
        read_nodes(r, o, value);
        return;
    case OPTION_IGNORED:
        findings_say(
            r->findings, CONFIG_NOTE, "%s: %s has no effect: %s", r->file, o->path, o->help);
        return;
    case OPTION_REFUSED:
        if (!is_empty(value))
            findings_say(r->findings, CONFIG_ERROR, "%s: %s is not supported: %s", r->file, o->path,
                o->help);
        return;
    case OPTION_BOOL:
    case OPTION_NUMBER:
    case OPTION_PORT:
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_CHOICE:
        read_scalar(r, o, value);
        return;
    }
}

static void
read_object(struct reading *r, const json_t *object, const char *prefix, bool open)
{
    char path[DOCUMENT_PATH_SIZE];
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value)
    {
        const struct option *o;

        snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", name);
        o = options_find(str_of(path));
        if (o)
            read_value(r, o, value);
        else if (!open)
            unknown(r, path);
    }
}

void
document_read(struct config *c, const char *file, struct findings *f)
{
    struct reading r = { c, file, f };
    json_error_t error;
    json_t *root = json_load_file(file, 0, &error);

    if (!root && error.line < 0)
        findings_say(f, CONFIG_ERROR, "%s: %s", file, error.text);
    else if (!root)
        findings_say(f, CONFIG_ERROR, "%s:%d:%d: the file is not JSON: %s", file, error.line,
            error.column, error.text);
    else if (!json_is_object(root))
        findings_say(f, CONFIG_ERROR, "%s: expected an object, {\"port\": 6001, ...}", file);
    else
        read_object(&r, root, "", false);
    json_decref(root);
}
