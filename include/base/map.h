/* SPDX-License-Identifier: MIT */
/*
 * map: from a byte string to a pointer.  Open addressing; the hash is seeded from the system's
 * random source once a process, so that peers cannot choose colliding names.  The key is not
 * copied: it must live, unchanged, as long as the entry (it is normally a part of the value).
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>

#include "base/str.h"

struct map_slot;

/* All zero is an empty map. */
struct map {
    struct map_slot *slots;
    size_t capacity;
    size_t count; /* entries */
    size_t taken; /* slots that are not free: entries, and the marks of removed ones */
};

/* Frees the table, not the values. */
void map_fini(struct map *m);
/* NULL when it is not there. */
void *map_get(const struct map *m, struct str key);
/* Adds or replaces (then the key too); returns the value replaced, or NULL. */
void *map_put(struct map *m, struct str key, void *value);
/* Returns the value removed, or NULL. */
void *map_remove(struct map *m, struct str key);

/* Visits every value, in no order: `for (size_t i = 0; (v = map_next(m, &i));)`.  Meanwhile
 * entries may be removed, and nothing may be added. */
void *map_next(const struct map *m, size_t *cursor);

#endif
