/* SPDX-License-Identifier: MIT */
/*
 * nodes: hosts with their ports.
 */
#include "nodes.h"

#include <stdlib.h>

#include "base/mem.h"
#include "config/config.h"
#include "options.h"

enum { PORT_MAX = 65535 };

static bool
add(struct config_nodes *n, struct str host, uint64_t port)
{
    if (host.len == 0 || str_has_control(host) || port == 0)
        return false;
    n->items = mem_resize(n->items, n->count + 1, sizeof(*n->items));
    n->items[n->count++] =
        (struct config_node){ mem_copy_text(host.data, host.len), (unsigned)port };
    return true;
}

/* "a", "a:1", "::1", "[::1]:1" */
static bool
add_text(const struct option *o, struct config_nodes *n, struct str text)
{
    struct str host = text, rest;
    const char *colon = text.len > 0 ? memrchr(text.data, ':', text.len) : NULL;
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
    return add(n, host, port);
}

static bool
add_texts(const struct option *o, struct config_nodes *n, struct str text)
{
    while (text.len > 0) {
        struct str item = str_trim(str_cut(text, ',', &text));

        if (item.len > 0 && !add_text(o, n, item))
            return false;
    }
    return true;
}

static bool
add_object(const struct option *o, struct config_nodes *n, const json_t *value)
{
    const json_t *host = json_object_get(value, "host"), *port = json_object_get(value, "port");
    uint64_t number = o->port;

    if (json_is_integer(port))
        number = (uint64_t)json_integer_value(port);
    else if (json_is_string(port) &&
             !str_to_u64(str_of(json_string_value(port)), PORT_MAX, &number))
        return false;
    return json_is_string(host) && number <= PORT_MAX &&
           add(n, str_slice(json_string_value(host), json_string_length(host)), number);
}

static bool
add_value(const struct option *o, struct config_nodes *n, const json_t *value)
{
    const json_t *item;
    size_t i;

    if (json_is_object(value))
        return add_object(o, n, value);
    if (json_is_string(value))
        return add_texts(o, n, str_slice(json_string_value(value), json_string_length(value)));
    if (!json_is_array(value))
        return false;
    json_array_foreach(
        value, i, item) if (json_is_array(item) || !add_value(o, n, item)) return false;
    return true;
}

/* fresh is taken over, or freed. */
static bool
replace(struct config_nodes *n, struct config_nodes *fresh, bool good)
{
    if (!good) {
        nodes_free(fresh);
        return false;
    }
    nodes_free(n);
    *n = *fresh;
    return true;
}

bool
nodes_parse(const struct option *o, struct config_nodes *n, struct str text)
{
    struct config_nodes fresh = { 0 };
    bool good = add_texts(o, &fresh, text);

    return replace(n, &fresh, good);
}

bool
nodes_read(const struct option *o, struct config_nodes *n, const json_t *value)
{
    struct config_nodes fresh = { 0 };
    bool good = add_value(o, &fresh, value);

    return replace(n, &fresh, good);
}

void
nodes_free(struct config_nodes *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->items[i].host);
    free(n->items);
    *n = (struct config_nodes){ 0 };
}

void
nodes_copy(struct config_nodes *to, const struct config_nodes *from)
{
    nodes_free(to);
    for (size_t i = 0; i < from->count; i++)
        (void)add(to, str_of(from->items[i].host), from->items[i].port); /* it was checked */
}

bool
nodes_same(const struct config_nodes *a, const struct config_nodes *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = a->items[i].port == b->items[i].port &&
               str_is(str_of(a->items[i].host), b->items[i].host);
    return same;
}
