/* SPDX-License-Identifier: MIT */
/*
 * said: once, and never without a bound.
 */
#include "said.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void
each_text_is_first_once(void **state)
{
    (void)state;
    assert_true(said_first(STR_LIT("presence-a")));
    assert_false(said_first(STR_LIT("presence-a")));
    assert_true(said_first(STR_LIT("presence-b")));
    assert_false(said_first(STR_LIT("presence-b")));
    assert_false(said_first(STR_LIT("presence-a")));
}

static void
a_full_table_falls_silent(void **state)
{
    unsigned firsts = 0;

    (void)state;
    for (int i = 0; i < 2000; i++) {
        char name[32];

        (void)snprintf(name, sizeof(name), "presence-%d", i);
        firsts += said_first(str_of(name));
    }
    assert_in_range(firsts, 1000, 1024);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_is_first_once),
        cmocka_unit_test(a_full_table_falls_silent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
