/* SPDX-License-Identifier: MIT */
/*
 * opening: ids name their worker, and nothing else is taken for one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "opening.h"

static void
names_every_worker(void **state)
{
    (void)state;
    for (unsigned worker = 0; worker < 256; worker++) {
        char text[EIO_SESSION_SID_LEN];
        unsigned found = 999;
        opening_make_sid(worker, text);
        assert_true(opening_sid_worker(str_slice(text, sizeof(text)), &found));
        assert_int_equal(found, worker);
    }
}

static void
ids_differ_also_in_their_last_byte(void **state)
{
    char a[EIO_SESSION_SID_LEN], b[EIO_SESSION_SID_LEN];
    bool last_differs = false;

    (void)state;
    for (int i = 0; i < 64; i++) {
        opening_make_sid(1, a);
        opening_make_sid(1, b);
        assert_memory_not_equal(a, b, sizeof(a));
        last_differs = last_differs || a[19] != b[19];
    }
    assert_true(last_differs);
}

static void
foreign_forms_belong_to_nobody(void **state)
{
    static const char *const texts[] = { "", "abc", "aaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaa",
        "aaaaaaaaaaaaaaaaaaa!", "aaaaaaaaaaaaaaaaaa==", "                    " };
    unsigned worker;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(opening_sid_worker(str_of(texts[i]), &worker));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_every_worker),
        cmocka_unit_test(ids_differ_also_in_their_last_byte),
        cmocka_unit_test(foreign_forms_belong_to_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
