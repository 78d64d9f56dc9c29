/* SPDX-License-Identifier: MIT */
/*
 * texts: texts that are kept for long, and of which many are equal: equal ones are one struct
 * bytes, counted once.  A set belongs to one thread, and so do the holders of its texts.
 */
#ifndef BASE_TEXTS_H
#define BASE_TEXTS_H

#include "base/bytes.h"
#include "base/map.h"

struct budget;

/* Zero but for its budget, which may be NULL, it is empty. */
struct texts {
    struct map kept; /* each while it has a holder */
    struct budget *budget;
};

/* When nothing is held any more. */
void texts_fini(struct texts *t);
/* Held once more by the caller; an empty text is NULL. */
struct bytes *texts_hold(struct texts *t, struct str text);
/* One holder less; frees with the last.  NULL is fine. */
void texts_drop(struct texts *t, struct bytes *text);

/* Of a text that may be NULL. */
static inline struct str
texts_str(const struct bytes *text)
{
    return text ? bytes_str(text) : str_slice(NULL, 0);
}

#endif
