/* SPDX-License-Identifier: MIT */
/*
 * document: walks the file's objects; each member's path finds its row in the options table, and a
 * scalar becomes text for the row's parser, so a number may also stand there as a string.
 */
#include "document.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "coercion.h"
#include "config_priv.h"
#include "document_priv.h"
#include "findings.h"
#include "json_fault.h"
#include "nodes.h"
#include "option_value.h"
#include "options.h"

enum { DOCUMENT_PATH_SIZE = 200 };

static void read_object(struct reading *r, const json_t *object, const char *prefix, bool open);

void
document_wrong(struct reading *r, const struct option *o, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    findings_wrong(r->findings, r->file, o, text ? text : "?");
    free(text);
}

/* What laravel-echo-server put up with. */
void
document_taken(struct reading *r, const struct option *o, const json_t *value)
{
    char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

    findings_taken(r->findings, r->file, o, text ? text : "?", config_slot(r->config, o));
    free(text);
}

/* A dot in a name is part of it: "a.b" is not b within a. */
static void
unknown(struct reading *r, const char *path)
{
    const char *near = options_nearest(path);

    if (near && strcmp(near, path) == 0) {
        findings_say(r->findings, CONFIG_WARNING,
            "%s: \"%s\" is no option; write it as objects, one within another", r->file, path);
        return;
    }
    findings_say(r->findings, CONFIG_WARNING, "%s: %s is no option%s%s%s", r->file, path,
        near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static void
coerce(struct reading *r, const struct option *o, const json_t *value)
{
    switch (coercion_take(o, config_slot(r->config, o), value)) {
    case COERCION_WRONG:
        document_wrong(r, o, value);
        return;
    case COERCION_TAKEN:
        config_mark(r->config, o, CONFIG_FROM_FILE);
        break;
    case COERCION_DEFAULT:
        break;
    }
    document_taken(r, o, value);
}

static bool
is_text_kind(const struct option *o)
{
    return o->kind == OPTION_TEXT || o->kind == OPTION_PATH;
}

/* The text of a scalar; false: its type is wrong for the row. */
static bool
append_scalar(const struct option *o, const json_t *value, struct buffer *out)
{
    bool is_bool = o->kind == OPTION_BOOL || o->kind == OPTION_SWITCH;
    bool takes_bool = is_bool || o->words, takes_number = !is_bool;

    coercion_append_text(value, out);
    return json_is_string(value) || (takes_number && json_is_number(value)) ||
           (takes_bool && json_is_boolean(value));
}

/* Whether the row's own parser takes value. */
static bool
is_read(struct reading *r, const struct option *o, const json_t *value)
{
    struct buffer text = { 0 };
    bool read = coercion_is_plain(o, value) && append_scalar(o, value, &text) &&
                option_value_parse(o, config_slot(r->config, o), buffer_str(&text));

    buffer_fini(&text);
    return read;
}

/* Empty texts are unset, as the files that `init` wrote have them; so is a text or a list that is
 * false. */
static bool
is_unset(const struct option *o, const json_t *value)
{
    if (json_is_string(value))
        return json_string_length(value) == 0;
    return (is_text_kind(o) || (o->kind == OPTION_LIST && !o->words)) && coercion_is_nothing(value);
}

static void
read_scalar(struct reading *r, const struct option *o, const json_t *value)
{
    if (o->false_is_none && json_is_false(value)) {
        option_value_free(o, config_slot(r->config, o));
        config_mark(r->config, o, CONFIG_FROM_FILE);
    } else if (is_unset(o, value)) {
        return;
    } else if (is_read(r, o, value)) {
        config_mark(r->config, o, CONFIG_FROM_FILE);
    } else {
        coerce(r, o, value);
    }
}

static void
left_out(struct reading *r, const struct option *o, const json_t *item, size_t i)
{
    char *text = json_dumps(item, JSON_ENCODE_ANY | JSON_COMPACT);
    struct buffer right = { 0 };

    option_value_expected(o, &right);
    findings_say(r->findings, CONFIG_WARNING, "%s: %s[%zu] is left out: it is %s; expected %.*s",
        r->file, o->path, i, text ? text : "?", STR_ARG(buffer_str(&right)));
    buffer_fini(&right);
    free(text);
}

static void
read_entry(struct reading *r, const struct option *o, const json_t *item, size_t i)
{
    struct str text = { json_string_value(item), json_string_length(item) };

    if (json_is_string(item) && option_value_add_text(o, config_slot(r->config, o), text))
        return;
    if (o->js == JS_CHECKED)
        document_wrong(r, o, item);
    else
        left_out(r, o, item, i);
}

static void
read_list(struct reading *r, const struct option *o, const json_t *value)
{
    struct config_list *list = config_slot(r->config, o);
    const json_t *item;
    size_t i;
    bool none;

    if (!json_is_array(value)) {
        read_scalar(r, o, value);
        return;
    }
    option_value_empty_list(list);
    json_array_foreach(value, i, item)
    {
        read_entry(r, o, item, i);
    }
    none = list->count == 0;
    if (none && !o->empty_is_none)
        option_value_reset(o, list, o->fallback);
    else
        config_mark(r->config, o, CONFIG_FROM_FILE);
    if (none)
        document_taken(r, o, value);
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
    if (coercion_is_nothing(value))
        return;
    if (nodes_read(o, config_slot(r->config, o), value))
        config_mark(r->config, o, CONFIG_FROM_FILE);
    else
        document_wrong(r, o, value);
}

static void
read_group(struct reading *r, const struct option *o, const json_t *value)
{
    if (o->text_member && json_is_string(value)) {
        if (json_string_length(value) > 0)
            config_mark(r->config, o, CONFIG_FROM_FILE);
        read_scalar(r, options_find(str_of(o->text_member)), value);
        return;
    }
    enter_group(r->config, o);
    if (!json_is_object(value)) {
        document_taken(r, o, value);
        return;
    }
    config_mark(r->config, o, CONFIG_FROM_FILE);
    read_object(r, value, o->path, o->open);
}

static void
read_switch(struct reading *r, const struct option *o, const json_t *value)
{
    bool is_word = json_is_string(value) || json_is_number(value);

    if (json_is_object(value)) {
        *(bool *)config_slot(r->config, o) = true;
        config_mark(r->config, o, CONFIG_FROM_OBJECT);
        read_object(r, value, o->path, o->open);
        return;
    }
    if (is_word && o->text_member && !coercion_is_nothing(value)) {
        *(bool *)config_slot(r->config, o) = true;
        config_mark(r->config, o, CONFIG_FROM_FILE);
        o = options_find(str_of(o->text_member));
    }
    read_scalar(r, o, value);
}

static void
read_value(struct reading *r, const struct option *o, const json_t *value)
{
    if (o->instead && coercion_is_nothing(value))
        config_mark(r->config, o, CONFIG_EMPTIED);
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
        document_entries_clients(r, o, value);
        return;
    case OPTION_HEADERS:
        document_entries_headers(r, o, value);
        return;
    case OPTION_CERTIFICATES:
        document_entries_certificates(r, o, value);
        return;
    case OPTION_NODES:
        read_nodes(r, o, value);
        return;
    case OPTION_IGNORED:
        if (!coercion_is_nothing(value))
            findings_say(
                r->findings, CONFIG_NOTE, "%s: %s has no effect: %s", r->file, o->path, o->help);
        return;
    case OPTION_REFUSED:
        if (!coercion_is_nothing(value))
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
        o = strchr(name, '.') ? NULL : options_find(str_of(path));
        if (o)
            read_value(r, o, value);
        else if (!open)
            unknown(r, path);
    }
}

static void
unreadable(struct findings *f, const char *file, const json_error_t *error)
{
    struct buffer line = { 0 };

    json_fault_explain_file(file, error, &line);
    findings_say(f, CONFIG_ERROR, "%.*s", STR_ARG(buffer_str(&line)));
    buffer_fini(&line);
}

void
document_read(struct config *c, const char *file, struct findings *f)
{
    struct reading r = { c, file, f };
    json_error_t error;
    json_t *root = document_load(file, &error, f);

    if (!root)
        unreadable(f, file, &error);
    else if (json_is_object(root))
        read_object(&r, root, "", false);
    else
        findings_say(f, CONFIG_WARNING,
            "%s: expected an object, {\"port\": 6001, ...}; a list is left out", file);
    json_decref(root);
}
