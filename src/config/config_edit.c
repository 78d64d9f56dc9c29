/* SPDX-License-Identifier: MIT */
/*
 * config_edit: the text is copied, and at some places something else is written.
 */
#include "config/config_edit.h"

#include "base/buffer.h"
#include "base/utf8.h"
#include "document_load.h"
#include "json/json_scan.h"

/* One change. */
struct edit {
    struct str text, root;
    struct str list;          /* of clients, or the null in its place; empty: no such member */
    struct json_cursor items; /* of the list */
    const char *line_end;
    struct str unit; /* of indentation; empty: everything is in one line */
    const char *app_id, *key;
    struct buffer *out;
};

/* Copy the text between these. */
static void
copy_text(const struct edit *e, const char *begin, const char *end)
{
    buffer_append(e->out, begin, (size_t)(end - begin));
}

/* The blanks between the beginning of at's line and at; false: something else is there. */
static bool
indent_of(struct str text, const char *at, struct str *indent)
{
    const char *begin = at;

    while (begin > text.data && (begin[-1] == ' ' || begin[-1] == '\t'))
        begin--;
    *indent = str_slice(begin, (size_t)(at - begin));
    return begin > text.data && begin[-1] == '\n';
}

/* False: the text cannot be changed, and error says why. */
static bool
read_clients(struct edit *e, struct buffer *error)
{
    struct json_cursor c;
    struct str key, value;
    enum json_kind kind;

    if (!document_load_check(e->text, error))
        return false;
    if (!json_scan_whole(e->text, &e->root)) {
        buffer_printf(error, "it is nested deeper than %d levels", JSON_SCAN_DEPTH_MAX);
        return false;
    }
    e->line_end = str_contains(e->text, "\r\n") ? "\r\n" : "\n";
    c = json_scan_enter(e->root);
    if (!json_scan_member(&c, &key, &value))
        e->unit = STR_LIT("\t");
    else if (!indent_of(e->text, key.data, &e->unit))
        e->unit.len = 0;
    e->list = json_scan_get(e->root, "clients");
    kind = json_scan_kind(e->list);
    e->items = kind == JSON_ARRAY ? json_scan_enter(e->list) : json_scan_begin(STR_LIT(""));
    if (kind == JSON_ARRAY || kind == JSON_NULL || kind == JSON_NONE)
        return true;
    buffer_append_text(
        error, "clients is not a list; expected [{\"appId\": \"...\", \"key\": \"...\"}]");
    return false;
}

static void
begin_line(const struct edit *e, struct str indent, unsigned deeper)
{
    if (e->unit.len == 0)
        return;
    buffer_append_text(e->out, e->line_end);
    buffer_append_str(e->out, indent);
    while (deeper-- > 0)
        buffer_append_str(e->out, e->unit);
}

/* Its bracket is in a line that is so much deeper than indent. */
static void
append_client(const struct edit *e, struct str indent, unsigned deeper)
{
    buffer_append_char(e->out, '{');
    begin_line(e, indent, deeper + 1);
    buffer_append_text(e->out, "\"appId\": ");
    json_scan_quote(str_of(e->app_id), e->out);
    buffer_append_text(e->out, e->unit.len == 0 ? ", " : ",");
    begin_line(e, indent, deeper + 1);
    buffer_append_text(e->out, "\"key\": ");
    json_scan_quote(str_of(e->key), e->out);
    begin_line(e, indent, deeper);
    buffer_append_char(e->out, '}');
}

static void
append_client_list(const struct edit *e)
{
    buffer_append_char(e->out, '[');
    begin_line(e, e->unit, 1);
    append_client(e, e->unit, 1);
    begin_line(e, e->unit, 0);
    buffer_append_char(e->out, ']');
}

/* After the last item, and in a line of its own if that one is. */
static void
append_client_item(const struct edit *e, struct str last)
{
    struct edit like = *e;
    struct str indent;

    buffer_append_char(e->out, ',');
    if (indent_of(e->text, last.data, &indent))
        begin_line(e, indent, 0);
    else
        buffer_append_char(e->out, ' ');
    if (!memchr(last.data, '\n', last.len))
        like.unit.len = 0;
    append_client(&like, indent, 0);
}

/* A member of the root, after the last one if there is any. */
static void
append_clients_member(const struct edit *e, bool any)
{
    buffer_append_text(e->out, any ? "," : "");
    begin_line(e, e->unit, 0);
    buffer_printf(e->out, "%s\"clients\": ", any && e->unit.len == 0 ? " " : "");
    append_client_list(e);
    if (!any)
        begin_line(e, STR_LIT(""), 0);
}

static void
add_client(const struct edit *e)
{
    struct json_cursor items = e->items, members = json_scan_enter(e->root);
    struct str last = { 0 }, each, key, old = e->list;

    while (json_scan_element(&items, &each))
        last = each;
    while (e->list.len == 0 && json_scan_member(&members, &key, &each))
        last = each;
    if (last.len > 0)
        old = str_slice(last.data + last.len, 0);
    else if (e->list.len == 0)
        old = str_slice(e->root.data + 1, e->root.len - 2);
    copy_text(e, e->text.data, old.data);
    if (e->list.len == 0)
        append_clients_member(e, last.len > 0);
    else if (last.len > 0)
        append_client_item(e, last);
    else
        append_client_list(e);
    copy_text(e, old.data + old.len, e->text.data + e->text.len);
}

static bool
has_id(const struct edit *e, struct str client)
{
    struct str id = json_scan_get(client, "appId");

    return json_scan_string_is(id, e->app_id) ||
           (json_scan_kind(id) == JSON_NUMBER && str_is(id, e->app_id));
}

/* False: no client has the id. */
static bool
change_keys(const struct edit *e)
{
    struct json_cursor c = e->items;
    const char *kept = e->text.data;
    struct str each, old;
    bool missing;

    while (json_scan_element(&c, &each)) {
        if (!has_id(e, each))
            continue;
        old = json_scan_get(each, "key");
        missing = old.len == 0;
        if (missing)
            old = str_slice(each.data + 1, 0);
        copy_text(e, kept, old.data);
        buffer_append_text(e->out, missing ? "\"key\": " : "");
        json_scan_quote(str_of(e->key), e->out);
        buffer_append_text(e->out, missing ? ", " : "");
        kept = old.data + old.len;
    }
    copy_text(e, kept, e->text.data + e->text.len);
    return kept > e->text.data;
}

/* What stays keeps the text before it, except the first, which moves to the start of the list. */
static bool
remove_clients(const struct edit *e)
{
    struct json_cursor c = e->items;
    const char *before = e->text.data;
    size_t count = 0, stay = 0;
    struct str each;

    for (; json_scan_element(&c, &each); count++, before = each.data + each.len) {
        if (count == 0)
            copy_text(e, before, each.data);
        if (!has_id(e, each))
            copy_text(e, stay++ > 0 ? before : each.data, each.data + each.len);
    }
    if (count > 0 && stay == 0) {
        buffer_clear(e->out);
        copy_text(e, e->text.data, e->list.data);
        buffer_append_text(e->out, "[]");
        before = e->list.data + e->list.len;
    }
    copy_text(e, before, e->text.data + e->text.len);
    return stay < count;
}

enum config_edit
config_edit_put_client(
    struct str text, const char *app_id, const char *key, struct buffer *out, struct buffer *error)
{
    struct edit e = { .text = text, .app_id = app_id, .key = key, .out = out };

    if (!utf8_valid(str_of(app_id))) {
        buffer_append_text(error, "the id is not UTF-8");
        return CONFIG_EDIT_FAILED;
    }
    if (!read_clients(&e, error))
        return CONFIG_EDIT_FAILED;
    if (change_keys(&e))
        return CONFIG_EDIT_UPDATED;
    buffer_clear(out);
    add_client(&e);
    return CONFIG_EDIT_ADDED;
}

enum config_edit
config_edit_remove_client(
    struct str text, const char *app_id, struct buffer *out, struct buffer *error)
{
    struct edit e = { .text = text, .app_id = app_id, .out = out };

    if (!read_clients(&e, error))
        return CONFIG_EDIT_FAILED;
    return remove_clients(&e) ? CONFIG_EDIT_REMOVED : CONFIG_EDIT_ABSENT;
}
