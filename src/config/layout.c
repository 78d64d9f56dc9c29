/* SPDX-License-Identifier: MIT */
/*
 * layout: what is done with a field is done with each of its items.
 */
#include "layout.h"

#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "config/config.h"

_Static_assert(offsetof(struct config_certificate, hosts) == 4 * sizeof(char *), "hosts follow");
_Static_assert(offsetof(struct config_node, port) == sizeof(char *), "the port follows");

static const struct layout hosts_layout = LAYOUT_LIST;

/* The items of a field; of many it has the same two members. */
struct items {
    char *first;
    size_t count;
};

static struct items
field_items(const struct layout *l, const void *field)
{
    struct items all = { (char *)field, 1 };

    if (l->many)
        memcpy(&all, field, sizeof(all));
    ENSURE(all.first || all.count == 0);
    return all;
}

/* Room for so many, and for the zeros after them. */
static void
resize_items(const struct layout *l, struct items *all, size_t count)
{
    all->first = mem_resize(all->first, count + 1, l->size);
    all->count = count;
    memset(all->first + count * l->size, 0, l->size);
}

void
layout_free(const struct layout *l, void *field)
{
    struct items all = field_items(l, field);

    if (l->texts == 0)
        return;
    for (size_t i = 0; i < all.count; i++) {
        char **texts = (char **)(all.first + i * l->size);

        for (size_t k = 0; k < l->texts; k++)
            free(texts[k]);
        if (l->hosts)
            layout_free(&hosts_layout, texts + l->texts);
    }
    if (l->many)
        free(all.first);
    memset(field, 0, l->many ? sizeof(all) : l->size);
}

static bool
same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
same_item(const struct layout *l, const void *a, const void *b)
{
    char *const *x = a, *const *y = b;

    for (size_t k = 0; k < l->texts; k++)
        if (!same_text(x[k], y[k]))
            return false;
    return memcmp(x + l->texts, y + l->texts, l->plain) == 0 &&
           (!l->hosts || layout_same(&hosts_layout, x + l->texts, y + l->texts));
}

bool
layout_same(const struct layout *l, const void *a, const void *b)
{
    struct items x = field_items(l, a), y = field_items(l, b);

    if (x.count != y.count)
        return false;
    for (size_t i = 0; i < x.count; i++)
        if (!same_item(l, x.first + i * l->size, y.first + i * l->size))
            return false;
    return true;
}

static void
copy_item(const struct layout *l, void *to, const void *from)
{
    char *const *texts = from;
    char **copies = to;

    memcpy(to, from, l->size);
    for (size_t k = 0; k < l->texts; k++)
        copies[k] = mem_strdup(texts[k]);
    if (l->hosts)
        layout_copy(&hosts_layout, copies + l->texts, texts + l->texts);
}

void
layout_copy(const struct layout *l, void *to, const void *from)
{
    struct items all = field_items(l, from), copy = { to, 1 };

    if (l->many) {
        copy = (struct items){ 0 };
        if (all.first)
            resize_items(l, &copy, all.count);
        memcpy(to, &copy, sizeof(copy));
    }
    for (size_t i = 0; i < all.count; i++)
        copy_item(l, copy.first + i * l->size, all.first + i * l->size);
}

void
layout_append(const struct layout *l, void *field, const void *item)
{
    struct items all = field_items(l, field);

    resize_items(l, &all, all.count + 1);
    memcpy(all.first + (all.count - 1) * l->size, item, l->size);
    memcpy(field, &all, sizeof(all));
}

void
layout_empty(const struct layout *l, void *field)
{
    struct items all = { 0 };

    layout_free(l, field);
    resize_items(l, &all, 0);
    memcpy(field, &all, sizeof(all));
}
