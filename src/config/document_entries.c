/* SPDX-License-Identifier: MIT */
/*
 * document_entries: each entry by itself is read, or ignored, or an error.
 */
#include "document.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "coercion.h"
#include "config/config.h"
#include "findings.h"
#include "option_value.h"
#include "options.h"

/* Both may also be written as numbers. */
static bool
read_client(struct config *c, const struct option *o, const json_t *client)
{
    const json_t *id = json_object_get(client, "appId"), *key = json_object_get(client, "key");
    struct buffer id_text = { 0 }, key_text = { 0 };
    bool ok =
        (json_is_string(id) || json_is_number(id)) && (json_is_string(key) || json_is_number(key));

    coercion_append_text(id, &id_text);
    coercion_append_text(key, &key_text);
    ok = ok && id_text.len > 0 && key_text.len > 0;
    buffer_append_char(&id_text, 0);
    buffer_append_char(&key_text, 0);
    if (ok)
        option_value_add(o, options_slot(c, o),
            &(struct config_client){ mem_strdup(id_text.data), mem_strdup(key_text.data) });
    buffer_fini(&id_text);
    buffer_fini(&key_text);
    return ok;
}

void
document_entries_clients(struct reading *r, const struct option *o, const json_t *value)
{
    const json_t *client;
    size_t i;

    if (!json_is_array(value)) {
        /* It is not shown: it may hold a key. */
        findings_say(
            r->findings, CONFIG_WARNING, "%s: %s is not a list and is ignored", r->file, o->path);
        return;
    }
    options_mark(r->config, o, ORIGIN_FILE);
    json_array_foreach(value, i, client)
    {
        /* The entry is not shown: it may hold a key. */
        if (!read_client(r->config, o, client))
            findings_say(r->findings, CONFIG_WARNING,
                "%s: %s[%zu] is not a client and is ignored; "
                "expected {\"appId\": \"...\", \"key\": \"...\"}",
                r->file, o->path, i);
    }
}

/* A text member of an entry; NULL: not there, or empty. */
static char *
copy_member(const json_t *entry, const char *name)
{
    const char *text = json_string_value(json_object_get(entry, name));

    return text && *text ? mem_strdup(text) : NULL;
}

static bool
read_hosts(const json_t *hosts, struct config_list *out)
{
    const struct option any = { .kind = OPTION_LIST };
    const json_t *host;
    size_t i;

    if (json_is_string(hosts))
        return option_value_parse(&any, out, str_of(json_string_value(hosts)));
    json_array_foreach(hosts, i, host)
    {
        if (!json_is_string(host) ||
            !option_value_add_entry(&any, out, str_of(json_string_value(host))))
            return false;
    }
    return !hosts || json_is_null(hosts) || json_is_array(hosts);
}

/* The name of a member that an entry does not have; NULL: all are known. */
static const char *
unknown_member(const json_t *entry)
{
    static const char *const known[] = { "certPath", "keyPath", "chainPath", "passphrase",
        "hosts" };
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)entry, name, value)
    {
        size_t i = 0;

        while (i < COUNT_OF(known) && strcmp(name, known[i]) != 0)
            i++;
        if (i == COUNT_OF(known))
            return name;
    }
    return NULL;
}

/* Its texts are not shown: one is a passphrase. */
static void
read_certificate(struct reading *r, const struct option *o, const json_t *entry, size_t number)
{
    const char *unknown_name = unknown_member(entry);
    struct config_certificate c = {
        .cert_path = copy_member(entry, "certPath"),
        .key_path = copy_member(entry, "keyPath"),
        .chain_path = copy_member(entry, "chainPath"),
        .passphrase = copy_member(entry, "passphrase"),
    };
    bool hosts = read_hosts(json_object_get(entry, "hosts"), &c.hosts);

    option_value_add(o, options_slot(r->config, o), &c);
    if (!c.cert_path || !c.key_path || !hosts)
        findings_say(r->findings, CONFIG_ERROR,
            "%s: %s[%zu] is not a certificate; expected {\"certPath\": \"...\", \"keyPath\": "
            "\"...\"}, optionally with the strings chainPath and passphrase, and hosts, a string "
            "or a list of strings",
            r->file, o->path, number);
    if (unknown_name)
        findings_say(r->findings, CONFIG_WARNING, "%s: unknown option %s[%zu].%s", r->file, o->path,
            number, unknown_name);
}

void
document_entries_certificates(struct reading *r, const struct option *o, const json_t *value)
{
    const json_t *entry;
    size_t i;

    if (!json_is_array(value)) {
        findings_json(r->findings, r->file, o, value, NULL);
        return;
    }
    option_value_free(o, options_slot(r->config, o));
    options_mark(r->config, o, ORIGIN_FILE);
    json_array_foreach(value, i, entry)
    {
        read_certificate(r, o, entry, i);
    }
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

/* One more line of the field. */
static bool
read_header(struct config *c, const struct option *o, struct str name, const json_t *value)
{
    bool ok = !json_is_object(value) && !json_is_null(value) && is_token(name);
    char **lines = options_slot(c, o);
    struct buffer all = { 0 }, text = { 0 };

    coercion_append_text(value, &text);
    ok = ok && !str_has_control(buffer_str(&text));
    if (ok) {
        buffer_printf(&all, "%s%.*s: %.*s\r\n", *lines ? *lines : "", STR_ARG(name),
            STR_ARG(buffer_str(&text)));
        free(*lines);
        *lines = mem_copy_text(all.data, all.len);
    }
    buffer_fini(&all);
    buffer_fini(&text);
    return ok;
}

void
document_entries_headers(struct reading *r, const struct option *o, const json_t *value)
{
    const char *name;
    json_t *text;

    if (!json_is_object(value)) {
        findings_json(r->findings, r->file, o, value, options_slot(r->config, o));
        return;
    }
    options_mark(r->config, o, ORIGIN_FILE);
    json_object_foreach((json_t *)value, name, text)
    {
        if (!read_header(r->config, o, str_of(name), text))
            findings_say(r->findings, CONFIG_WARNING,
                "%s: %s.%s is not a valid header and is ignored; expected a string without line "
                "breaks",
                r->file, o->path, name);
    }
}

static bool
add_object(const struct option *o, void *slot, const json_t *value)
{
    const json_t *host = json_object_get(value, "host"), *port = json_object_get(value, "port");
    uint64_t number = o->port;

    if (json_is_integer(port))
        number = (uint64_t)json_integer_value(port);
    else if (json_is_string(port) &&
             !str_to_u64(str_of(json_string_value(port)), UINT16_MAX, &number))
        return false;
    return json_is_string(host) &&
           option_value_add_node(
               o, slot, str_slice(json_string_value(host), json_string_length(host)), number);
}

static bool
add_nodes(const struct option *o, void *slot, const json_t *value)
{
    const json_t *item;
    size_t i;

    if (json_is_object(value))
        return add_object(o, slot, value);
    if (json_is_string(value))
        return option_value_add_nodes(
            o, slot, str_slice(json_string_value(value), json_string_length(value)));
    json_array_foreach(value, i, item)
    {
        if (json_is_array(item) || !add_nodes(o, slot, item))
            return false;
    }
    return json_is_array(value);
}

/* All of them, or none: then the slot keeps what it had. */
void
document_entries_nodes(struct reading *r, const struct option *o, const json_t *value)
{
    struct config_nodes fresh = { 0 };

    if (coercion_is_nothing(value))
        return;
    if (!add_nodes(o, &fresh, value)) {
        option_value_free(o, &fresh);
        findings_json(r->findings, r->file, o, value, NULL);
        return;
    }
    option_value_free(o, options_slot(r->config, o));
    *(struct config_nodes *)options_slot(r->config, o) = fresh;
    options_mark(r->config, o, ORIGIN_FILE);
}
