/* SPDX-License-Identifier: MIT */
/*
 * str: operations on borrowed slices.
 */
#include "base/str.h"

#include <openssl/crypto.h>
#include <strings.h>

bool
str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool
str_is(struct str s, const char *text)
{
    return str_equal(s, str_of(text));
}

bool
str_is_nocase(struct str s, const char *text)
{
    return str_same_nocase(s, str_of(text));
}

bool
str_same_nocase(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || strncasecmp(a.data, b.data, a.len) == 0);
}

bool
str_starts(struct str s, const char *prefix)
{
    size_t len = strlen(prefix);

    return s.len >= len && (len == 0 || memcmp(s.data, prefix, len) == 0);
}

bool
str_starts_nocase(struct str s, const char *prefix)
{
    size_t len = strlen(prefix);

    return s.len >= len && str_is_nocase(str_slice(s.data, len), prefix);
}

bool
str_ends(struct str s, const char *suffix)
{
    size_t len = strlen(suffix);

    return s.len >= len && (len == 0 || memcmp(s.data + s.len - len, suffix, len) == 0);
}

bool
str_contains(struct str s, const char *needle)
{
    size_t len = strlen(needle);

    return len == 0 || (s.len > 0 && memmem(s.data, s.len, needle, len) != NULL);
}

static bool
str_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str
str_trim(struct str s)
{
    while (s.len > 0 && str_is_space(s.data[0]))
        s = str_slice(s.data + 1, s.len - 1);
    while (s.len > 0 && str_is_space(s.data[s.len - 1]))
        s.len--;
    return s;
}

struct str
str_cut(struct str s, char separator, struct str *rest)
{
    const char *at = s.len > 0 ? memchr(s.data, separator, s.len) : NULL;
    struct str first;

    if (!at) {
        *rest = (struct str){ NULL, 0 };
        return s;
    }
    first = str_slice(s.data, (size_t)(at - s.data));
    *rest = str_slice(at + 1, s.len - first.len - 1);
    return first;
}

bool
str_has_control(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if ((unsigned char)s.data[i] < 0x20 || s.data[i] == 0x7f)
            return true;
    return false;
}

bool
str_to_u64(struct str s, uint64_t max, uint64_t *value)
{
    uint64_t sum = 0;

    if (s.len == 0)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        unsigned digit = (unsigned)(unsigned char)s.data[i] - '0';

        if (digit > 9 || __builtin_mul_overflow(sum, (uint64_t)10, &sum) ||
            __builtin_add_overflow(sum, (uint64_t)digit, &sum) || sum > max)
            return false;
    }
    *value = sum;
    return true;
}

static int
hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The byte that "%XX" at s[i] stands for, or -1. */
static int
escaped_byte(struct str s, size_t i)
{
    int high, low;

    if (i + 2 >= s.len)
        return -1;
    high = hex_value(s.data[i + 1]);
    low = hex_value(s.data[i + 2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

size_t
str_url_decode(struct str in, char *out)
{
    size_t written = 0;

    for (size_t i = 0; i < in.len; i++) {
        int byte = in.data[i] == '%' ? escaped_byte(in, i) : -1;

        if (byte >= 0) {
            out[written++] = (char)byte;
            i += 2;
        } else {
            out[written++] = in.data[i] == '+' ? ' ' : in.data[i];
        }
    }
    return written;
}

bool
str_query_get(struct str query, const char *key, struct str *value)
{
    while (query.len > 0) {
        struct str pair = str_cut(query, '&', &query);
        struct str name = str_cut(pair, '=', value);

        if (str_is(name, key))
            return true;
    }
    return false;
}

bool
str_equal_secret(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}
