/* SPDX-License-Identifier: MIT */
/*
 * layout: where a field of struct config owns memory, so that any can be freed, compared and copied
 * without a function for its type.
 *
 * A field is one item, or (many) `items` and `count` of them, as struct config_list and its like
 * have it.  An item begins with its texts; plain bytes or a list of hosts may follow.  Pure; any
 * thread.
 */
#ifndef CONFIG_LAYOUT_H
#define CONFIG_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

struct layout {
    size_t size;  /* of an item */
    size_t texts; /* how many char * it begins with; each may be NULL */
    size_t plain; /* how many bytes that own nothing follow them */
    bool hosts;   /* a struct config_list follows them */
    bool many;
};

#define LAYOUT_PLAIN(type)                                                                         \
    {                                                                                              \
        .size = sizeof(type), .plain = sizeof(type)                                                \
    }
#define LAYOUT_TEXT                                                                                \
    {                                                                                              \
        .size = sizeof(char *), .texts = 1                                                         \
    }
#define LAYOUT_LIST                                                                                \
    {                                                                                              \
        .size = sizeof(char *), .texts = 1, .many = true                                           \
    }

/* What owns memory is all zero afterwards; the rest is as it was. */
void layout_free(const struct layout *l, void *field);
bool layout_same(const struct layout *l, const void *a, const void *b);
/* to owns nothing, as layout_free() leaves it. */
void layout_copy(const struct layout *l, void *to, const void *from);

/* ---- of many ---- */

/* Append an item, whose texts are taken over.  An item of zeros follows the last one. */
void layout_append(const struct layout *l, void *field, const void *item);
/* No items but the zeros. */
void layout_empty(const struct layout *l, void *field);

#endif
