/* SPDX-License-Identifier: MIT */
/*
 * document: walks the file's objects; each member's path finds its row in the options table, and a
 * scalar becomes text for the row's parser, so a number may also be written as a string.
 */
#include "document.h"

#include <jansson.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "coercion.h"
#include "config/config.h"
#include "document_load.h"
#include "findings.h"
#include "option_value.h"
#include "options.h"

enum { DOCUMENT_PATH_SIZE = 200 };

static void read_object(struct reading *r, const json_t *object, const char *prefix, bool open);

/* Empty texts are unset, as the files that `init` wrote have them; so is a text or a list that is
 * false. */
static bool
is_unset(const struct option *o, const json_t *value)
{
    bool is_text = o->kind == OPTION_TEXT || o->kind == OPTION_PATH;

    if (json_is_string(value))
        return json_string_length(value) == 0;
    return (is_text || (o->kind == OPTION_LIST && !o->words)) && coercion_is_nothing(value);
}

static void
read_scalar(struct reading *r, const struct option *o, const json_t *value)
{
    void *slot = options_slot(r->config, o);
    enum coercion result = COERCION_READ;

    if (o->false_is_none && json_is_false(value))
        option_value_free(o, slot);
    else if (is_unset(o, value))
        return;
    else
        result = coercion_read(o, slot, value);
    if (result == COERCION_READ || result == COERCION_TAKEN)
        options_mark(r->config, o, ORIGIN_FILE);
    if (result != COERCION_READ)
        findings_json(r->findings, r->file, o, value, result == COERCION_WRONG ? NULL : slot);
}

static void
read_entry(struct reading *r, const struct option *o, const json_t *item, size_t i)
{
    struct str text = { json_string_value(item), json_string_length(item) };
    struct buffer right = { 0 };
    char *shown;

    if (json_is_string(item) && option_value_add_entry(o, options_slot(r->config, o), text))
        return;
    if (o->js == JS_CHECKED) {
        findings_json(r->findings, r->file, o, item, NULL);
        return;
    }
    shown = json_dumps(item, JSON_ENCODE_ANY | JSON_COMPACT);
    option_value_expected(o, &right);
    findings_say(r->findings, CONFIG_WARNING, "%s: %s[%zu] is ignored: it is %s; expected %.*s",
        r->file, o->path, i, shown ? shown : "?", STR_ARG(buffer_str(&right)));
    buffer_fini(&right);
    free(shown);
}

static void
read_list(struct reading *r, const struct option *o, const json_t *value)
{
    struct config_list *list = options_slot(r->config, o);
    const json_t *item;
    size_t i;
    bool none;

    if (!json_is_array(value)) {
        read_scalar(r, o, value);
        return;
    }
    option_value_empty(o, list);
    json_array_foreach(value, i, item)
    {
        read_entry(r, o, item, i);
    }
    none = list->count == 0;
    if (none && !o->empty_is_none)
        option_value_reset(o, list, o->fallback);
    else
        options_mark(r->config, o, ORIGIN_FILE);
    if (none && o->fallback) /* else none is the default */
        findings_json(r->findings, r->file, o, value, options_slot(r->config, o));
}

static void
read_group(struct reading *r, const struct option *group, const json_t *value)
{
    size_t len = strlen(group->path);

    if (group->text_member && json_is_string(value)) {
        if (json_string_length(value) > 0)
            options_mark(r->config, group, ORIGIN_FILE);
        read_scalar(r, options_get(group->text_member), value);
        return;
    }
    /* Objects replace their default as a whole. */
    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);

        if (o->in_group && strncmp(o->path, group->path, len) == 0 && o->path[len] == '.')
            option_value_reset(o, options_slot(r->config, o), o->in_group);
    }
    if (!json_is_object(value)) {
        findings_json(r->findings, r->file, group, value, options_slot(r->config, group));
        return;
    }
    options_mark(r->config, group, ORIGIN_FILE);
    read_object(r, value, group->path, group->open);
}

static void
read_switch(struct reading *r, const struct option *o, const json_t *value)
{
    bool is_word = json_is_string(value) || json_is_number(value);

    if (json_is_object(value)) {
        *(bool *)options_slot(r->config, o) = true;
        options_mark(r->config, o, ORIGIN_OBJECT);
        read_object(r, value, o->path, o->open);
        return;
    }
    if (is_word && o->text_member && !coercion_is_nothing(value)) {
        *(bool *)options_slot(r->config, o) = true;
        options_mark(r->config, o, ORIGIN_FILE);
        o = options_get(o->text_member);
    }
    read_scalar(r, o, value);
}

static void
read_ignored(struct reading *r, const struct option *o, const json_t *value)
{
    if (!coercion_is_nothing(value))
        findings_say(
            r->findings, CONFIG_NOTE, "%s: %s has no effect: %s", r->file, o->path, o->help);
}

/* Of each kind that is not a scalar. */
static void (*const readers[])(struct reading *r, const struct option *o, const json_t *value) = {
    [OPTION_SWITCH] = read_switch,
    [OPTION_GROUP] = read_group,
    [OPTION_LIST] = read_list,
    [OPTION_CLIENTS] = document_entries_clients,
    [OPTION_HEADERS] = document_entries_headers,
    [OPTION_CERTIFICATES] = document_entries_certificates,
    [OPTION_NODES] = document_entries_nodes,
    [OPTION_IGNORED] = read_ignored,
};

static void
read_value(struct reading *r, const struct option *o, const json_t *value)
{
    if (o->instead && coercion_is_nothing(value))
        options_mark(r->config, o, ORIGIN_EMPTIED);
    if (json_is_null(value))
        return;
    if (readers[o->kind])
        readers[o->kind](r, o, value);
    else
        read_scalar(r, o, value);
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
            findings_unknown(r->findings, r->file, path);
    }
}

void
document_read(struct config *c, struct findings *f)
{
    struct reading r = { c, c->file, f };
    json_t *root = document_load(c->file, f);

    if (json_is_object(root))
        read_object(&r, root, "", false);
    else if (root)
        findings_say(f, CONFIG_WARNING,
            "%s: expected an object, {\"port\": 6001, ...}; a list is ignored", c->file);
    json_decref(root);
}
