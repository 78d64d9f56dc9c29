/* SPDX-License-Identifier: MIT */
/*
 * option_value: how the values of each kind are parsed, shown and described, and a table of it all.
 */
#include "option_value.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "config/config.h"
#include "layout.h"
#include "options.h"

static void
show_text(const struct option *o, const char *text, struct buffer *out)
{
    if (o->secret)
        buffer_append_text(out, text ? "set" : "not set");
    else if (!text)
        buffer_append_text(out, "null");
    else
        buffer_printf(out, "\"%s\"", text);
}

/* For rows that also take a text. */
static void
expect_text_too(const struct option *o, struct buffer *out)
{
    buffer_append_text(out, o->text_member ? ", or a string" : "");
}

/* ---- bools ---- */

static bool
parse_bool(const struct option *o, void *slot, struct str text)
{
    static const char *const yes[] = { "true", "1", "yes", "on" };
    static const char *const no[] = { "false", "0", "no", "off" };

    (void)o;
    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (!str_is_nocase(text, yes[i]) && !str_is_nocase(text, no[i]))
            continue;
        *(bool *)slot = str_is_nocase(text, yes[i]);
        return true;
    }
    return false;
}

static void
show_bool(const struct option *o, const void *slot, struct buffer *out)
{
    (void)o;
    buffer_append_text(out, *(const bool *)slot ? "true" : "false");
}

/* ---- numbers ---- */

static bool
parse_number(const struct option *o, void *slot, struct str text)
{
    uint64_t value;

    if (!str_to_u64(text, o->max, &value))
        return false;
    if (value == 0 && o->zero_is_unset)
        return true;
    if (value < o->min)
        return false;
    *(uint64_t *)slot = value;
    return true;
}

enum { PORT_MAX = 65535, PORT_DIGITS_MAX = 5 };

/* The digits at the end, with or without a slash: Kubernetes sets PORT to "tcp://10.0.0.9:6001". */
static bool
parse_port_digits(const struct option *o, void *slot, struct str text)
{
    size_t digits = 0;

    text = str_trim(text);
    if (str_ends(text, "/"))
        text.len--;
    while (digits < text.len && isdigit((unsigned char)text.data[text.len - digits - 1]))
        digits++;
    if (digits == 0 || digits > PORT_DIGITS_MAX)
        return false;
    if (digits < text.len && text.data[0] == '-')
        return false;
    return parse_number(o, slot, str_slice(text.data + text.len - digits, digits));
}

static void
show_number(const struct option *o, const void *slot, struct buffer *out)
{
    (void)o;
    buffer_append_u64(out, *(const uint64_t *)slot);
}

static void
expect_range(const struct option *o, struct buffer *out)
{
    if (o->unit)
        buffer_printf(out, " (%s)", o->unit);
    buffer_printf(
        out, " from %llu to %llu", (unsigned long long)o->min, (unsigned long long)o->max);
}

/* ---- choices and texts ---- */

static bool
find_choice(const struct option *o, struct str text, unsigned *index)
{
    for (*index = 0; o->choices[*index]; ++*index)
        if (str_is_nocase(text, o->choices[*index]))
            return true;
    return false;
}

static bool
parse_choice(const struct option *o, void *slot, struct str text)
{
    unsigned index;

    if (!find_choice(o, text, &index))
        return false;
    *(unsigned *)slot = index;
    return true;
}

static void
show_choice(const struct option *o, const void *slot, struct buffer *out)
{
    show_text(o, o->choices[*(const unsigned *)slot], out);
}

static bool
parse_text(const struct option *o, void *slot, struct str text)
{
    char **field = slot;
    unsigned index;

    if (o->secret ? memchr(text.data, 0, text.len) != NULL : str_has_control(text))
        return false;
    if (o->choices && !find_choice(o, text, &index))
        return false;
    if (o->choices)
        text = str_of(o->choices[index]);
    free(*field);
    *field = mem_copy_text(text.data, text.len);
    return true;
}

static void
show_field(const struct option *o, const void *slot, struct buffer *out)
{
    show_text(o, *(char *const *)slot, out);
}

static void
expect_text(const struct option *o, struct buffer *out)
{
    if (!o->choices)
        buffer_append_text(out, "a string");
    for (size_t i = 0; o->choices && o->choices[i]; i++) {
        const char *between = i == 0 ? "" : o->choices[i + 1] ? ", " : " or ";

        buffer_printf(out, "%s\"%s\"", between, o->choices[i]);
    }
}

/* ---- lists ---- */

struct str
option_value_next_word(struct str *rest)
{
    size_t len = 0;
    struct str word;

    while (len < rest->len && rest->data[len] != ',' && !isspace((unsigned char)rest->data[len]))
        len++;
    word = str_slice(rest->data, len);
    len += len < rest->len ? 1 : 0;
    *rest = str_slice(rest->data + len, rest->len - len);
    return word;
}

bool
option_value_takes_entry(const struct option *o, struct str text)
{
    unsigned index;

    return text.len > 0 && !str_has_control(text) && (!o->choices || find_choice(o, text, &index));
}

bool
option_value_add_entry(const struct option *o, void *slot, struct str text)
{
    if (!option_value_takes_entry(o, text))
        return false;
    option_value_add(o, slot, &(char *){ mem_copy_text(text.data, text.len) });
    return true;
}

/* fresh is taken over if it is good, or else freed. */
static bool
replace_value(const struct option *o, void *slot, void *fresh, size_t size, bool good)
{
    option_value_free(o, good ? slot : fresh);
    if (good)
        memcpy(slot, fresh, size);
    return good;
}

static bool
parse_list(const struct option *o, void *slot, struct str text)
{
    struct config_list fresh = { 0 };
    bool good = true;

    while (good && text.len > 0) {
        struct str item = option_value_next_word(&text);

        good = item.len == 0 || option_value_add_entry(o, &fresh, item);
    }
    return replace_value(o, slot, &fresh, sizeof(fresh), good && fresh.count > 0);
}

static void
show_list(const struct option *o, const void *slot, struct buffer *out)
{
    const struct config_list *l = slot;

    (void)o;
    buffer_append_char(out, '[');
    for (size_t i = 0; i < l->count; i++)
        buffer_printf(out, "%s\"%s\"", i > 0 ? ", " : "", l->items[i]);
    buffer_append_char(out, ']');
}

static void
expect_entries(const struct option *o, struct buffer *out)
{
    if (!o->choices)
        return;
    buffer_append_text(out, ", of ");
    expect_text(o, out);
}

/* ---- nodes ---- */

bool
option_value_add_node(const struct option *o, void *slot, struct str host, uint64_t port)
{
    if (host.len == 0 || str_has_control(host) || port == 0 || port > PORT_MAX)
        return false;
    option_value_add(
        o, slot, &(struct config_node){ mem_copy_text(host.data, host.len), (unsigned)port });
    return true;
}

/* "a", "a:1", "::1", "[::1]:1" */
static bool
add_node(const struct option *o, void *slot, struct str text)
{
    struct str host = text, rest;
    const char *colon = memrchr(text.data, ':', text.len);
    uint64_t port = o->port;

    if (colon && (str_starts(text, "[") || memchr(text.data, ':', text.len) == colon) &&
        !str_ends(text, "]")) {
        host.len = (size_t)(colon - text.data);
        rest = str_slice(colon + 1, text.len - host.len - 1);
        if (!str_to_u64(rest, PORT_MAX, &port))
            return false;
    }
    if (str_starts(host, "[") && str_ends(host, "]"))
        host = str_slice(host.data + 1, host.len - 2);
    return option_value_add_node(o, slot, host, port);
}

bool
option_value_add_nodes(const struct option *o, void *slot, struct str text)
{
    while (text.len > 0) {
        struct str item = str_trim(str_cut(text, ',', &text));

        if (item.len > 0 && !add_node(o, slot, item))
            return false;
    }
    return true;
}

static bool
parse_nodes(const struct option *o, void *slot, struct str text)
{
    struct config_nodes fresh = { 0 };

    return replace_value(o, slot, &fresh, sizeof(fresh), option_value_add_nodes(o, &fresh, text));
}

static void
expect_nodes(const struct option *o, struct buffer *out)
{
    buffer_printf(out, "a list like [{\"host\": \"10.0.0.1\", \"port\": %u}]", o->port);
}

/* ---- all kinds ---- */

struct kind {
    struct layout layout;
    bool (*parse)(const struct option *o, void *slot, struct str text); /* NULL: it has no text */
    void (*append)(const struct option *o, const void *slot, struct buffer *out);
    const char *shown; /* in place of append */
    const char *expected;
    void (*expect)(const struct option *o, struct buffer *out); /* what follows expected, if any */
};

/* clang-format off */
#define MANY(type) .size = sizeof(type), .many = true

static const struct kind kinds[] = {
    [OPTION_BOOL] = { LAYOUT_PLAIN(bool), parse_bool, show_bool,
        .expected = "true or false" },
    [OPTION_SWITCH] = { LAYOUT_PLAIN(bool), parse_bool, show_bool,
        .expected = "true, false or an object", .expect = expect_text_too },
    [OPTION_NUMBER] = { LAYOUT_PLAIN(uint64_t), parse_number, show_number,
        .expected = "a number", .expect = expect_range },
    [OPTION_PORT] = { LAYOUT_PLAIN(uint64_t), parse_port_digits, show_number,
        .expected = "a number", .expect = expect_range },
    [OPTION_CHOICE] = { LAYOUT_PLAIN(unsigned), parse_choice, show_choice,
        .expect = expect_text },
    [OPTION_TEXT] = { LAYOUT_TEXT, parse_text, show_field, .expect = expect_text },
    [OPTION_PATH] = { LAYOUT_TEXT, parse_text, show_field, .expect = expect_text },
    [OPTION_LIST] = { LAYOUT_LIST, parse_list, show_list,
        .expected = "a string, or a list of strings", .expect = expect_entries },
    [OPTION_NODES] = { { MANY(struct config_node), .texts = 1, .plain = sizeof(unsigned) },
        parse_nodes, .shown = "[]", .expect = expect_nodes },
    [OPTION_CLIENTS] = { { MANY(struct config_client), .texts = 2 }, .shown = "[]",
        .expected = "a list like [{\"appId\": \"...\", \"key\": \"...\"}]" },
    [OPTION_CERTIFICATES] = { { MANY(struct config_certificate), .texts = 4, .hosts = true },
        .shown = "[]",
        .expected = "a list like [{\"certPath\": \"...\", \"keyPath\": \"...\"}]" },
    [OPTION_HEADERS] = { LAYOUT_TEXT, .shown = "{}",
        .expected = "an object like {\"Name\": \"value\"}" },
    [OPTION_GROUP] = { .shown = "{}", .expected = "an object", .expect = expect_text_too },
    [OPTION_IGNORED] = { .shown = "", .expect = expect_text },
};
/* clang-format on */

bool
option_value_parse(const struct option *o, void *slot, struct str text)
{
    const struct kind *k = &kinds[o->kind];

    return k->parse && k->parse(o, slot, text);
}

void
option_value_reset(const struct option *o, void *slot, const char *fallback)
{
    option_value_free(o, slot);
    if (!fallback)
        return;
    if (o->kind == OPTION_NUMBER && str_is(str_of(fallback), "0")) {
        *(uint64_t *)slot = 0; /* may lie below the least value that an operator can set */
        return;
    }
    ENSURE(option_value_parse(o, slot, str_of(fallback)));
}

void
option_value_free(const struct option *o, void *slot)
{
    layout_free(&kinds[o->kind].layout, slot);
}

bool
option_value_same(const struct option *o, const void *a, const void *b)
{
    return layout_same(&kinds[o->kind].layout, a, b);
}

void
option_value_copy(const struct option *o, void *to, const void *from)
{
    option_value_free(o, to);
    layout_copy(&kinds[o->kind].layout, to, from);
}

void
option_value_add(const struct option *o, void *slot, const void *item)
{
    ENSURE(kinds[o->kind].layout.many);
    layout_append(&kinds[o->kind].layout, slot, item);
}

void
option_value_empty(const struct option *o, void *slot)
{
    ENSURE(kinds[o->kind].layout.many);
    layout_empty(&kinds[o->kind].layout, slot);
}

void
option_value_append(const struct option *o, const void *slot, struct buffer *out)
{
    const struct kind *k = &kinds[o->kind];

    if (k->append)
        k->append(o, slot, out);
    else
        buffer_append_text(out, k->shown);
}

void
option_value_expected(const struct option *o, struct buffer *out)
{
    const struct kind *k = &kinds[o->kind];

    buffer_append_text(out, k->expected ? k->expected : "");
    if (k->expect)
        k->expect(o, out);
}
