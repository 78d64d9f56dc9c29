/* SPDX-License-Identifier: MIT */
/*
 * option_copy: a comparison and a copy a kind.
 */
#include "option_copy.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "config/config.h"
#include "nodes.h"
#include "option_value.h"
#include "options.h"

static bool
same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
same_list(const struct config_list *a, const struct config_list *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = same_text(a->items[i], b->items[i]);
    return same;
}

static bool
same_clients(const struct config_clients *a, const struct config_clients *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++)
        same = same_text(a->items[i].app_id, b->items[i].app_id) &&
               same_text(a->items[i].key, b->items[i].key);
    return same;
}

static bool
same_certificates(const struct config_certificates *a, const struct config_certificates *b)
{
    bool same = a->count == b->count;

    for (size_t i = 0; same && i < a->count; i++) {
        const struct config_certificate *x = &a->items[i], *y = &b->items[i];

        same = same_text(x->cert_path, y->cert_path) && same_text(x->key_path, y->key_path) &&
               same_text(x->chain_path, y->chain_path) && same_text(x->passphrase, y->passphrase) &&
               same_list(&x->hosts, &y->hosts);
    }
    return same;
}

bool
option_copy_same(const struct option *o, const void *a, const void *b)
{
    switch (o->kind) {
    case OPTION_BOOL:
    case OPTION_SWITCH:
        return *(const bool *)a == *(const bool *)b;
    case OPTION_NUMBER:
    case OPTION_PORT:
        return *(const uint64_t *)a == *(const uint64_t *)b;
    case OPTION_CHOICE:
        return *(const unsigned *)a == *(const unsigned *)b;
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_HEADERS:
        return same_text(*(char *const *)a, *(char *const *)b);
    case OPTION_LIST:
        return same_list(a, b);
    case OPTION_CLIENTS:
        return same_clients(a, b);
    case OPTION_CERTIFICATES:
        return same_certificates(a, b);
    case OPTION_NODES:
        return nodes_same(a, b);
    case OPTION_GROUP:
    case OPTION_IGNORED:
    case OPTION_REFUSED:
        return true;
    }
    return true;
}

/* The items end with NULL, also when there are none, unless there never were any. */
static struct config_list
copy_list(const struct config_list *from)
{
    struct config_list l = { NULL, from->count };

    if (!from->items)
        return l;
    l.items = mem_resize(NULL, from->count + 1, sizeof(*l.items));
    for (size_t i = 0; i < from->count; i++)
        l.items[i] = mem_strdup(from->items[i]);
    l.items[from->count] = NULL;
    return l;
}

static void
copy_clients(void *to, const struct config_clients *from)
{
    for (size_t i = 0; i < from->count; i++)
        option_value_add_client(to, from->items[i].app_id, from->items[i].key);
}

static void
copy_certificates(void *to, const struct config_certificates *from)
{
    for (size_t i = 0; i < from->count; i++) {
        const struct config_certificate *c = &from->items[i];

        option_value_add_certificate(
            to, &(struct config_certificate){ mem_strdup(c->cert_path), mem_strdup(c->key_path),
                    mem_strdup(c->chain_path), mem_strdup(c->passphrase), copy_list(&c->hosts) });
    }
}

void
option_copy(const struct option *o, void *to, const void *from)
{
    option_value_free(o, to);
    switch (o->kind) {
    case OPTION_BOOL:
    case OPTION_SWITCH:
        *(bool *)to = *(const bool *)from;
        return;
    case OPTION_NUMBER:
    case OPTION_PORT:
        *(uint64_t *)to = *(const uint64_t *)from;
        return;
    case OPTION_CHOICE:
        *(unsigned *)to = *(const unsigned *)from;
        return;
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_HEADERS:
        *(char **)to = mem_strdup(*(char *const *)from);
        return;
    case OPTION_LIST:
        *(struct config_list *)to = copy_list(from);
        return;
    case OPTION_CLIENTS:
        copy_clients(to, from);
        return;
    case OPTION_CERTIFICATES:
        copy_certificates(to, from);
        return;
    case OPTION_NODES:
        nodes_copy(to, from);
        return;
    case OPTION_GROUP:
    case OPTION_IGNORED:
    case OPTION_REFUSED:
        return;
    }
}
