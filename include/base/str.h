/* SPDX-License-Identifier: MIT */
/*
 * str: a borrowed slice of bytes, and the text operations of HTTP and of this protocol family.
 * A slice owns nothing and is not NUL-terminated.  Pure functions; any thread.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

struct str {
    const char *data;
    size_t len;
};

/* For printf's "%.*s". */
#define STR_ARG(s) (int)(s).len, (s).data
#define STR_LIT(literal) ((struct str){ "" literal, sizeof(literal) - 1 })

static inline struct str
str_of(const char *text)
{
    return (struct str){ text, text ? strlen(text) : 0 };
}

static inline struct str
str_slice(const char *data, size_t len)
{
    return (struct str){ data, len };
}

bool str_equal(struct str a, struct str b);
bool str_is(struct str s, const char *text);
/* ASCII letters compare without case. */
bool str_is_nocase(struct str s, const char *text);
bool str_same_nocase(struct str a, struct str b);
bool str_starts(struct str s, const char *prefix);
bool str_starts_nocase(struct str s, const char *prefix);
bool str_ends(struct str s, const char *suffix);
/* Whether needle occurs anywhere. */
bool str_contains(struct str s, const char *needle);
/* Without ASCII white space at both ends. */
struct str str_trim(struct str s);
/* The part before the first separator; *rest is what follows it, or empty. */
struct str str_cut(struct str s, char separator, struct str *rest);
/* Whether it holds a byte below 0x20 or 0x7f. */
bool str_has_control(struct str s);

/* Unsigned decimal digits and nothing else, at most max; false otherwise. */
MUST_USE bool str_to_u64(struct str s, uint64_t max, uint64_t *value);

/* application/x-www-form-urlencoded: "%XX" and "+" decoded into out (room for in.len bytes);
 * returns the length.  A stray '%' stays as it is, as in Node's querystring. */
size_t str_url_decode(struct str in, char *out);

/* The raw (still encoded) value of a key in "a=1&b=2"; false when the key is not there. */
MUST_USE bool str_query_get(struct str query, const char *key, struct str *value);

/* Equal in a time that depends on the lengths alone. */
bool str_equal_secret(struct str a, struct str b);

#endif
