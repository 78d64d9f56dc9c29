/* SPDX-License-Identifier: MIT */
/*
 * mem: allocation that never returns NULL.
 */
#include "base/mem.h"

#include "text.h"

static void
nothing_is_memory_too(void **state)
{
    void *a = mem_alloc(0), *z = mem_zalloc(0), *r = mem_resize(NULL, 0, 8);

    (void)state;
    assert_non_null(a);
    assert_non_null(z);
    assert_non_null(r);
    free(a);
    free(z);
    free(r);
}

static void
zeroed_memory_is_zero(void **state)
{
    char *z = mem_zalloc(4096);

    (void)state;
    for (int i = 0; i < 4096; i++)
        assert_int_equal(z[i], 0);
    free(z);
}

static void
resizing_keeps_the_content(void **state)
{
    uint32_t *n = mem_resize(NULL, 2, sizeof(*n));

    (void)state;
    n[0] = 7;
    n[1] = 8;
    n = mem_resize(n, 1000, sizeof(*n));
    assert_int_equal(n[0], 7);
    assert_int_equal(n[1], 8);
    free(n);
}

static void
copies_of_text_end_in_nul(void **state)
{
    char *part = mem_copy_text("abcdef", 3), *whole = mem_strdup("abc"),
         *none = mem_copy_text(NULL, 0);

    (void)state;
    assert_string_equal(part, "abc");
    assert_string_equal(whole, "abc");
    assert_string_equal(none, "");
    assert_null(mem_strdup(NULL));
    free(part);
    free(whole);
    free(none);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_memory_too),
        cmocka_unit_test(zeroed_memory_is_zero),
        cmocka_unit_test(resizing_keeps_the_content),
        cmocka_unit_test(copies_of_text_end_in_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
