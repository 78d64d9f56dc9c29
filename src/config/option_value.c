/* SPDX-License-Identifier: MIT */
/*
 * option_value: one parser a kind of option.
 */
#include "option_value.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "config/config.h"
#include "nodes.h"
#include "options.h"

static bool
parse_bool(void *slot, struct str text)
{
    static const char *const yes[] = { "true", "1", "yes", "on" };
    static const char *const no[] = { "false", "0", "no", "off" };

    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (!str_is_nocase(text, yes[i]) && !str_is_nocase(text, no[i]))
            continue;
        *(bool *)slot = str_is_nocase(text, yes[i]);
        return true;
    }
    return false;
}

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

enum { PORT_DIGITS_MAX = 5 };

/* The digits at the end, a slash behind allowed: Kubernetes sets PORT to "tcp://10.0.0.9:6001". */
static bool
parse_port(const struct option *o, void *slot, struct str text)
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

static const char *
choice_of(const struct option *o, struct str text, unsigned *index)
{
    for (unsigned i = 0; o->choices[i]; i++) {
        if (!str_is_nocase(text, o->choices[i]))
            continue;
        *index = i;
        return o->choices[i];
    }
    return NULL;
}

static bool
parse_text(const struct option *o, void *slot, struct str text)
{
    char **field = slot;
    unsigned index;

    if (o->secret ? memchr(text.data, 0, text.len) != NULL : str_has_control(text))
        return false;
    if (o->choices) {
        const char *choice = choice_of(o, text, &index);

        if (!choice)
            return false;
        text = str_of(choice);
    }
    free(*field);
    *field = mem_copy_text(text.data, text.len);
    return true;
}

static void
free_list(struct config_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->items[i]);
    free(l->items);
    *l = (struct config_list){ 0 };
}

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

static bool
parse_list(const struct option *o, void *slot, struct str text)
{
    struct config_list fresh = { 0 };
    bool ok = true;

    while (ok && text.len > 0) {
        struct str item = option_value_next_word(&text);

        ok = item.len == 0 || option_value_add_text(o, &fresh, item);
    }
    if (!ok || fresh.count == 0) {
        free_list(&fresh);
        return false;
    }
    free_list(slot);
    *(struct config_list *)slot = fresh;
    return true;
}

bool
option_value_parse(const struct option *o, void *slot, struct str text)
{
    unsigned index;

    switch (o->kind) {
    case OPTION_BOOL:
    case OPTION_SWITCH:
        return parse_bool(slot, text);
    case OPTION_NUMBER:
        return parse_number(o, slot, text);
    case OPTION_PORT:
        return parse_port(o, slot, text);
    case OPTION_TEXT:
    case OPTION_PATH:
        return parse_text(o, slot, text);
    case OPTION_LIST:
        return parse_list(o, slot, text);
    case OPTION_CHOICE:
        if (!choice_of(o, text, &index))
            return false;
        *(unsigned *)slot = index;
        return true;
    case OPTION_NODES:
        return nodes_parse(o, slot, text);
    case OPTION_CLIENTS:
    case OPTION_HEADERS:
    case OPTION_CERTIFICATES:
    case OPTION_GROUP:
    case OPTION_IGNORED:
    case OPTION_REFUSED:
        return false;
    }
    return false;
}

static void
free_clients(struct config_clients *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->items[i].app_id);
        free(c->items[i].key);
    }
    free(c->items);
    *c = (struct config_clients){ 0 };
}

static void
free_certificates(struct config_certificates *c)
{
    for (size_t i = 0; i < c->count; i++) {
        free(c->items[i].cert_path);
        free(c->items[i].key_path);
        free(c->items[i].chain_path);
        free(c->items[i].passphrase);
        free_list(&c->items[i].hosts);
    }
    free(c->items);
    *c = (struct config_certificates){ 0 };
}

void
option_value_free(const struct option *o, void *slot)
{
    switch (o->kind) {
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_HEADERS:
        free(*(char **)slot);
        *(char **)slot = NULL;
        return;
    case OPTION_LIST:
        free_list(slot);
        return;
    case OPTION_CLIENTS:
        free_clients(slot);
        return;
    case OPTION_CERTIFICATES:
        free_certificates(slot);
        return;
    case OPTION_NODES:
        nodes_free(slot);
        return;
    case OPTION_BOOL:
    case OPTION_NUMBER:
    case OPTION_PORT:
    case OPTION_CHOICE:
    case OPTION_SWITCH:
    case OPTION_GROUP:
    case OPTION_IGNORED:
    case OPTION_REFUSED:
        return;
    }
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

static void
expect_choices(const struct option *o, struct buffer *out)
{
    for (size_t i = 0; o->choices[i]; i++) {
        const char *between = i == 0 ? "" : o->choices[i + 1] ? ", " : " or ";

        buffer_printf(out, "%s\"%s\"", between, o->choices[i]);
    }
}

static void
expect_number(const struct option *o, struct buffer *out)
{
    buffer_append_text(out, "a number");
    if (o->unit)
        buffer_printf(out, " (%s)", o->unit);
    buffer_printf(
        out, " from %llu to %llu", (unsigned long long)o->min, (unsigned long long)o->max);
}

void
option_value_expected(const struct option *o, struct buffer *out)
{
    switch (o->kind) {
    case OPTION_BOOL:
        buffer_append_text(out, "true or false");
        return;
    case OPTION_NUMBER:
    case OPTION_PORT:
        expect_number(o, out);
        return;
    case OPTION_SWITCH:
        buffer_append_text(out, "true, false or an object");
        buffer_append_text(out, o->text_member ? ", or a text" : "");
        return;
    case OPTION_LIST:
        buffer_append_text(out, "a text, or a list of texts");
        if (!o->choices)
            return;
        buffer_append_text(out, ", of ");
        expect_choices(o, out);
        return;
    case OPTION_CLIENTS:
        buffer_append_text(out, "a list like [{\"appId\": \"...\", \"key\": \"...\"}]");
        return;
    case OPTION_CERTIFICATES:
        buffer_append_text(out, "a list like [{\"certPath\": \"...\", \"keyPath\": \"...\"}]");
        return;
    case OPTION_HEADERS:
        buffer_append_text(out, "an object like {\"Name\": \"value\"}");
        return;
    case OPTION_NODES:
        buffer_printf(out, "a list like [{\"host\": \"10.0.0.1\", \"port\": %u}]", o->port);
        return;
    case OPTION_GROUP:
        buffer_append_text(out, o->text_member ? "an object, or a text" : "an object");
        return;
    case OPTION_CHOICE:
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_IGNORED:
    case OPTION_REFUSED:
        if (o->choices)
            expect_choices(o, out);
        else
            buffer_append_text(out, "a text");
        return;
    }
}

bool
option_value_takes_entry(const struct option *o, struct str text)
{
    unsigned index;

    return text.len > 0 && !str_has_control(text) && (!o->choices || choice_of(o, text, &index));
}

void
option_value_empty_list(void *slot)
{
    struct config_list *l = slot;

    free_list(l);
    l->items = mem_zalloc(sizeof(*l->items));
}

bool
option_value_add_text(const struct option *o, void *slot, struct str text)
{
    struct config_list *l = slot;

    if (!option_value_takes_entry(o, text))
        return false;
    l->items = mem_resize(l->items, l->count + 2, sizeof(*l->items));
    l->items[l->count++] = mem_copy_text(text.data, text.len);
    l->items[l->count] = NULL;
    return true;
}

void
option_value_add_client(void *slot, const char *app_id, const char *key)
{
    struct config_clients *c = slot;

    c->items = mem_resize(c->items, c->count + 1, sizeof(*c->items));
    c->items[c->count++] = (struct config_client){ mem_strdup(app_id), mem_strdup(key) };
}

void
option_value_add_certificate(void *slot, const struct config_certificate *c)
{
    struct config_certificates *all = slot;

    all->items = mem_resize(all->items, all->count + 1, sizeof(*all->items));
    all->items[all->count++] = *c;
}

/* RFC 9110, section 5.6.2. */
static bool
is_token(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!isalnum((unsigned char)s.data[i]) && !strchr("!#$%&'*+-.^_`|~", s.data[i]))
            return false;
    return s.len > 0;
}

bool
option_value_add_header(void *slot, struct str name, struct str value)
{
    char **lines = slot;
    struct buffer all = { 0 };

    if (!is_token(name) || str_has_control(value))
        return false;
    buffer_printf(&all, "%s%.*s: %.*s\r\n", *lines ? *lines : "", STR_ARG(name), STR_ARG(value));
    free(*lines);
    *lines = mem_copy_text(all.data, all.len);
    buffer_fini(&all);
    return true;
}
