/* SPDX-License-Identifier: MIT */
/*
 * allowance: times a second.
 */
#include "net/allowance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define RATE(per_s, burst) ((struct allowance_rate){ per_s, burst })

static void
rate_zero_is_no_limit(void **state)
{
    struct allowance a = { 0 };

    (void)state;
    for (int i = 0; i < 1000; i++)
        assert_true(allowance_take(&a, RATE(0, 0), 5));
}

static void
so_many_at_once_and_then_as_time_passes(void **state)
{
    struct allowance a = { 0 };

    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(allowance_take(&a, RATE(4, 0), 100000));
    assert_false(allowance_take(&a, RATE(4, 0), 100000));
    assert_false(allowance_take(&a, RATE(4, 0), 100249));
    assert_true(allowance_take(&a, RATE(4, 0), 100250));
    assert_false(allowance_take(&a, RATE(4, 0), 100250));
    for (int i = 0; i < 4; i++)
        assert_true(allowance_take(&a, RATE(4, 0), 200000));
    assert_false(allowance_take(&a, RATE(4, 0), 200000));
}

static void
what_is_refused_costs_nothing(void **state)
{
    struct allowance a = { 0 };

    (void)state;
    assert_true(allowance_take(&a, RATE(1, 0), 100000));
    for (uint64_t ms = 1; ms < 1000; ms++)
        assert_false(allowance_take(&a, RATE(1, 0), 100000 + ms));
    assert_true(allowance_take(&a, RATE(1, 0), 101000));
}

static void
a_burst_may_be_larger_than_the_rate(void **state)
{
    struct allowance a = { 0 };

    (void)state;
    for (int i = 0; i < 4000; i++)
        assert_true(allowance_take(&a, RATE(10, 4000), 100000));
    assert_false(allowance_take(&a, RATE(10, 4000), 100099));
    assert_true(allowance_take(&a, RATE(10, 4000), 100100));
    assert_false(allowance_take(&a, RATE(10, 4000), 100100));
    for (int i = 0; i < 4000; i++)
        assert_true(allowance_take(&a, RATE(10, 4000), 600000));
    assert_false(allowance_take(&a, RATE(10, 4000), 600000));
}

static void
the_largest_rate_is_counted_exactly(void **state)
{
    struct allowance a = { 0 };

    (void)state;
    for (int i = 0; i < 4000000; i++)
        assert_true(allowance_take(&a, RATE(1, 4000000), 100000));
    assert_false(allowance_take(&a, RATE(1, 4000000), 100000));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rate_zero_is_no_limit),
        cmocka_unit_test(so_many_at_once_and_then_as_time_passes),
        cmocka_unit_test(a_burst_may_be_larger_than_the_rate),
        cmocka_unit_test(the_largest_rate_is_counted_exactly),
        cmocka_unit_test(what_is_refused_costs_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
