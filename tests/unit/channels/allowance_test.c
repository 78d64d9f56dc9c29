/* SPDX-License-Identifier: MIT */
/*
 * allowance: times a second.
 */
#include "allowance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
rate_zero_is_no_limit(void **state)
{
    struct allowance a = { 0 };

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(allowance_take(&a, 0, 5));
}

static void
so_many_at_once_and_then_as_time_passes(void **state)
{
    struct allowance a = { 0 };

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(allowance_take(&a, 4, 100000));
    assert_false(allowance_take(&a, 4, 100000));
    assert_false(allowance_take(&a, 4, 100249));
    assert_true(allowance_take(&a, 4, 100250));
    assert_false(allowance_take(&a, 4, 100250));
    for (int i = 0; i < 4; i++)
        assert_true(allowance_take(&a, 4, 200000));
    assert_false(allowance_take(&a, 4, 200000));
}

static void
what_is_refused_costs_nothing(void **state)
{
    struct allowance a = { 0 };

    (void)state;
    assert_true(allowance_take(&a, 1, 100000));
    for (uint64_t ms = 1; ms < 1000; ms++)
        assert_false(allowance_take(&a, 1, 100000 + ms));
    assert_true(allowance_take(&a, 1, 101000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_zero_is_no_limit),
        cmocka_unit_test(so_many_at_once_and_then_as_time_passes),
        cmocka_unit_test(what_is_refused_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
