/* SPDX-License-Identifier: MIT */
/*
 * json_text: where the parts of a JSON document stand in its text, for changes that leave the rest
 * as it was written.  The text has been parsed before: what is not JSON ends a walk early.  Pure.
 */
#ifndef CONFIG_JSON_TEXT_H
#define CONFIG_JSON_TEXT_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

/* A walk over the members of an object or the items of an array. */
struct json_text {
    struct str rest;
};

/* value begins with its bracket. */
struct json_text json_text_enter(struct str value);
/* The next member or item, as it stands there; key, with its quotes, is empty in an array. */
MUST_USE bool json_text_next(struct json_text *t, struct str *key, struct str *value);

/* The value of a member of an object, the last of this name; false: there is none. */
MUST_USE bool json_text_find(struct str object, const char *name, struct str *value);

/* Whether a raw string or number says this. */
bool json_text_says(struct str raw, const char *text);

/* Append as a JSON string; false: text is not UTF-8. */
struct buffer;
MUST_USE bool json_text_quote(const char *text, struct buffer *out);

#endif
