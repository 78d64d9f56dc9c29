/* SPDX-License-Identifier: MIT */
/*
 * options_nearest: a guess at what a misspelt name was meant to be.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "options.h"

/* How many letters have to change, without regard to case (Levenshtein). */
static size_t
distance(struct str a, struct str b)
{
    size_t *row = mem_resize(NULL, b.len + 1, sizeof(*row));
    size_t result;

    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t corner = row[0];

        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            bool same =
                tolower((unsigned char)a.data[i - 1]) == tolower((unsigned char)b.data[j - 1]);
            size_t best = corner + (same ? 0 : 1);

            corner = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    result = row[b.len];
    free(row);
    return result;
}

static const char *
last_part(const char *path)
{
    const char *dot = strrchr(path, '.');

    return dot ? dot + 1 : path;
}

enum { NEAREST_PATH_MAX = 100 };

const char *
options_nearest(const char *path)
{
    size_t len = strlen(path), best = len / 4 < 2 ? 2 : len / 4;
    const char *name = NULL;

    if (len > NEAREST_PATH_MAX)
        return NULL;
    for (size_t i = 0; i < options_count(); i++) {
        size_t d = distance(str_of(path), str_of(options_row(i)->path));

        if (d < best || (d == best && !name)) {
            best = d;
            name = options_row(i)->path;
        }
    }
    for (size_t i = 0; i < options_count() && !name; i++)
        if (strcasecmp(last_part(options_row(i)->path), last_part(path)) == 0)
            name = options_row(i)->path;
    return name;
}
