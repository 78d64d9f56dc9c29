/* SPDX-License-Identifier: MIT */
/*
 * config_edit: one change at a time; each finds its place in the text anew.
 */
#include "config/config_edit.h"

#include <jansson.h>

#include "base/buffer.h"
#include "json_fault.h"
#include "json_text.h"

/* How the document is written: over several lines, or in one. */
struct layout {
    const char *line_end;
    struct str unit; /* of indentation; empty: everything is in one line */
};

static struct str
between(const char *begin, const char *end)
{
    return str_slice(begin, (size_t)(end - begin));
}

/* The blanks between the beginning of at's line and at; false: something else is there. */
static bool
indent_of(struct str text, const char *at, struct str *indent)
{
    const char *begin = at;

    while (begin > text.data && (begin[-1] == ' ' || begin[-1] == '\t'))
        begin--;
    *indent = between(begin, at);
    return begin > text.data && begin[-1] == '\n';
}

static struct layout
layout_of(struct str text, struct str root)
{
    struct layout l = { .line_end = str_contains(text, "\r\n") ? "\r\n" : "\n" };
    struct json_text t = json_text_enter(root);
    struct str key, value;

    if (!json_text_next(&t, &key, &value))
        l.unit = STR_LIT("\t");
    else if (!indent_of(text, key.data, &l.unit))
        l.unit = STR_LIT("");
    return l;
}

static void
begin_line(struct buffer *out, const struct layout *l, struct str indent, unsigned deeper)
{
    if (l->unit.len == 0)
        return;
    buffer_append_text(out, l->line_end);
    buffer_append_str(out, indent);
    while (deeper-- > 0)
        buffer_append_str(out, l->unit);
}

/* ---- the parts ---- */

struct client_text {
    struct str app_id, key; /* quoted */
};

static void
append_client(
    struct buffer *out, const struct layout *l, struct str indent, const struct client_text *c)
{
    buffer_append_char(out, '{');
    begin_line(out, l, indent, 1);
    buffer_printf(out, "\"appId\": %.*s,", STR_ARG(c->app_id));
    if (l->unit.len == 0)
        buffer_append_char(out, ' ');
    begin_line(out, l, indent, 1);
    buffer_printf(out, "\"key\": %.*s", STR_ARG(c->key));
    begin_line(out, l, indent, 0);
    buffer_append_char(out, '}');
}

/* A list of one client, whose bracket stands in a line with this indentation. */
static void
append_list(
    struct buffer *out, const struct layout *l, struct str indent, const struct client_text *c)
{
    struct buffer inner = { 0 };

    buffer_append_str(&inner, indent);
    buffer_append_str(&inner, l->unit);
    buffer_append_char(out, '[');
    begin_line(out, l, indent, 1);
    append_client(out, l, buffer_str(&inner), c);
    begin_line(out, l, indent, 0);
    buffer_append_char(out, ']');
    buffer_fini(&inner);
}

/* text with the part old replaced. */
static void
replace(struct buffer *out, struct str text, struct str old, struct str fresh)
{
    buffer_append_str(out, between(text.data, old.data));
    buffer_append_str(out, fresh);
    buffer_append_str(out, between(old.data + old.len, text.data + text.len));
}

/* ---- adding ---- */

/* Behind the last item; it stands in a line of its own if that one does. */
static void
append_item(struct buffer *fresh, const struct layout *whole, struct str text, struct str last,
    const struct client_text *c)
{
    struct layout l = *whole;
    struct str indent;

    buffer_append_char(fresh, ',');
    if (indent_of(text, last.data, &indent))
        begin_line(fresh, &l, indent, 0);
    else
        buffer_append_char(fresh, ' ');
    if (!memchr(last.data, '\n', last.len))
        l.unit.len = 0;
    append_client(fresh, &l, indent, c);
}

static void
add_to_list(
    struct buffer *out, struct str text, struct str root, struct str list, struct client_text *c)
{
    struct layout l = layout_of(text, root);
    struct json_text t = json_text_enter(list);
    struct str key, item, last = { 0 };
    struct buffer fresh = { 0 };

    while (*list.data == '[' && json_text_next(&t, &key, &item))
        last = item;
    if (last.len > 0) {
        append_item(&fresh, &l, text, last, c);
        replace(out, text, str_slice(last.data + last.len, 0), buffer_str(&fresh));
    } else {
        append_list(&fresh, &l, l.unit, c);
        replace(out, text, list, buffer_str(&fresh));
    }
    buffer_fini(&fresh);
}

static void
add_list(struct buffer *out, struct str text, struct str root, struct client_text *c)
{
    struct layout l = layout_of(text, root);
    struct json_text t = json_text_enter(root);
    struct str key, value, after = str_slice(root.data + 1, 0);
    struct buffer fresh = { 0 };
    bool any = false;

    while (json_text_next(&t, &key, &value)) {
        after = str_slice(value.data + value.len, 0);
        any = true;
    }
    buffer_append_text(&fresh, any ? "," : "");
    begin_line(&fresh, &l, l.unit, 0);
    buffer_printf(&fresh, "%s\"clients\": ", any && l.unit.len == 0 ? " " : "");
    append_list(&fresh, &l, l.unit, c);
    if (!any) {
        begin_line(&fresh, &l, STR_LIT(""), 0);
        after = str_slice(root.data + 1, root.len - 2);
    }
    replace(out, text, after, buffer_str(&fresh));
    buffer_fini(&fresh);
}

/* ---- changing ---- */

/* The first item of the list with this id and, unless that is empty, another key than not_key. */
static bool
find_client(struct str list, const char *app_id, struct str not_key, struct str *item)
{
    struct json_text t = json_text_enter(list);
    struct str name, value;

    while (*list.data == '[' && json_text_next(&t, &name, item)) {
        if (*item->data != '{' || !json_text_find(*item, "appId", &value) ||
            !json_text_says(value, app_id))
            continue;
        if (not_key.len == 0 || !json_text_find(*item, "key", &value) || !str_equal(value, not_key))
            return true;
    }
    return false;
}

static void
change_key(struct buffer *out, struct str text, struct str item, struct str key)
{
    struct buffer fresh = { 0 };
    struct str old;

    if (json_text_find(item, "key", &old)) {
        replace(out, text, old, key);
        return;
    }
    buffer_printf(&fresh, "\"key\": %.*s, ", STR_ARG(key));
    replace(out, text, str_slice(item.data + 1, 0), buffer_str(&fresh));
    buffer_fini(&fresh);
}

/* With the comma that parted it from its neighbour. */
static void
remove_item(struct buffer *out, struct str text, struct str list, struct str item)
{
    struct json_text t = json_text_enter(list);
    struct str key, each, before = { 0 }, after = { 0 };

    while (json_text_next(&t, &key, &each)) {
        if (each.data < item.data)
            before = each;
        else if (each.data > item.data && !after.data)
            after = each;
    }
    if (before.data)
        item = between(before.data + before.len, item.data + item.len);
    else if (after.data)
        item = between(item.data, after.data);
    else
        item = list;
    replace(out, text, item, before.data || after.data ? STR_LIT("") : STR_LIT("[]"));
}

/* ---- the document ---- */

bool
config_edit_is_readable(const char *file)
{
    json_t *root = json_load_file(file, JSON_DECODE_INT_AS_REAL, NULL);
    bool readable = json_is_object(root);

    json_decref(root);
    return readable;
}

enum list_state { LIST_THERE, LIST_MISSING, LIST_BAD };

static void
explain(struct str text, const json_error_t *e, struct buffer *error)
{
    buffer_printf(error, "line %d, column %d: ", e->line, e->column);
    json_fault_explain(text, e, error);
}

/* Where the root object and its list of clients, or the null in its place, are. */
static enum list_state
locate(struct str text, struct str *root, struct str *list, struct buffer *error)
{
    json_error_t e;
    json_t *parsed = json_loadb(text.data, text.len, JSON_DECODE_INT_AS_REAL, &e), *clients;
    enum list_state state = LIST_BAD;

    *root = str_trim(text);
    clients = json_object_get(parsed, "clients");
    if (!parsed)
        explain(text, &e, error);
    else if (!json_is_object(parsed))
        buffer_append_text(error, "expected an object, {\"port\": 6001, ...}");
    else if (!clients || !json_text_find(*root, "clients", list))
        state = LIST_MISSING;
    else if (json_is_array(clients) || json_is_null(clients))
        state = LIST_THERE;
    else
        buffer_append_text(
            error, "clients is no list; expected [{\"appId\": \"...\", \"key\": \"...\"}]");
    json_decref(parsed);
    return state;
}

/* Give the entries of this id the key or, when it is empty, remove them; false: there is none. */
static bool
change_all(struct buffer *text, const char *app_id, struct str key)
{
    struct buffer before = { 0 }, ignored = { 0 };
    struct str root, list, item;
    bool any = false;

    while (locate(buffer_str(text), &root, &list, &ignored) == LIST_THERE &&
           find_client(list, app_id, key, &item)) {
        struct buffer emptied = before;

        before = *text;
        *text = emptied;
        if (key.len > 0)
            change_key(text, buffer_str(&before), item, key);
        else
            remove_item(text, buffer_str(&before), list, item);
        buffer_clear(&before);
        any = true;
    }
    buffer_fini(&before);
    buffer_fini(&ignored);
    return any;
}

static enum config_edit
put(struct str text, const char *app_id, struct client_text *c, struct buffer *out,
    struct buffer *error)
{
    struct str root, list = { 0 };
    enum list_state state = locate(text, &root, &list, error);

    if (state == LIST_BAD)
        return CONFIG_EDIT_FAILED;
    buffer_append_str(out, text);
    if (change_all(out, app_id, c->key))
        return CONFIG_EDIT_UPDATED;
    buffer_clear(out);
    if (state == LIST_MISSING)
        add_list(out, text, root, c);
    else
        add_to_list(out, text, root, list, c);
    return CONFIG_EDIT_ADDED;
}

enum config_edit
config_edit_put_client(
    struct str text, const char *app_id, const char *key, struct buffer *out, struct buffer *error)
{
    struct buffer quoted_id = { 0 }, quoted_key = { 0 };
    enum config_edit result = CONFIG_EDIT_FAILED;

    if (json_text_quote(app_id, &quoted_id) && json_text_quote(key, &quoted_key)) {
        struct client_text c = { buffer_str(&quoted_id), buffer_str(&quoted_key) };

        result = put(text, app_id, &c, out, error);
    } else {
        buffer_append_text(error, "the id is not UTF-8");
    }
    buffer_fini(&quoted_id);
    buffer_fini(&quoted_key);
    return result;
}

enum config_edit
config_edit_remove_client(
    struct str text, const char *app_id, struct buffer *out, struct buffer *error)
{
    struct str root, list;

    if (locate(text, &root, &list, error) == LIST_BAD)
        return CONFIG_EDIT_FAILED;
    buffer_append_str(out, text);
    return change_all(out, app_id, STR_LIT("")) ? CONFIG_EDIT_REMOVED : CONFIG_EDIT_ABSENT;
}
