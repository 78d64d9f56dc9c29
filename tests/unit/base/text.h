/* SPDX-License-Identifier: MIT */
/*
 * text: what every test of a codec includes: cmocka, assertions on slices and buffers that print
 * both texts when they differ, and chance that can be repeated.
 */
#ifndef UNIT_BASE_TEXT_H
#define UNIT_BASE_TEXT_H

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/str.h"

/* A slice of a literal that holds NULs. */
#define RAW(literal) STR_LIT(literal)

static inline void
text_check(struct str got, struct str wanted, const char *file, int line)
{
    if (str_equal(got, wanted))
        return;
    print_error("got    <%.*s> (%zu bytes)\nwanted <%.*s> (%zu bytes)\n", STR_ARG(got), got.len,
        STR_ARG(wanted), wanted.len);
    _fail(file, line);
}

#define assert_str(got, wanted) text_check((got), str_of(wanted), __FILE__, __LINE__)
#define assert_raw(got, literal) text_check((got), RAW(literal), __FILE__, __LINE__)
#define assert_same(got, wanted) text_check((got), (wanted), __FILE__, __LINE__)

/* What a test has noted is this; it begins anew. */
static inline void
text_check_told(struct buffer *told, struct str wanted, const char *file, int line)
{
    text_check(buffer_str(told), wanted, file, line);
    buffer_clear(told);
}

#define assert_told(told, wanted) text_check_told((told), str_of(wanted), __FILE__, __LINE__)

/* A copy in memory of exactly its size, so that a sanitizer sees a read behind its end. */
static inline struct str
text_exact(struct str s)
{
    char *copy = malloc(s.len ? s.len : 1);

    assert_non_null(copy);
    if (s.len > 0)
        memcpy(copy, s.data, s.len);
    return str_slice(copy, s.len);
}

static inline void
text_free(struct str s)
{
    free((void *)(uintptr_t)s.data);
}

/* Where text_random() begins: at SEED of the environment, or somewhere else each time.  Printed, so
 * that a failed run can be repeated. */
static inline uint64_t
text_seed(void)
{
    const char *given = getenv("SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : digest_random_below(UINT32_MAX - 1) + 1;

    assert_true(seed > 0);
    print_message("SEED=%" PRIu64 "\n", seed);
    return seed * 0x9e3779b97f4a7c15; /* many bits of the first numbers, too */
}

/* xorshift64: its seed is not 0. */
static inline uint64_t
text_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

#endif
