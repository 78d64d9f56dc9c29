/* SPDX-License-Identifier: MIT */
/*
 * budget: what was taken and not given back, against a limit.
 */
#include "base/budget.h"

#include "base/bytes.h"
#include "text.h"

static void
what_is_given_back_was_taken(void **state)
{
    struct budget b = { 0 };

    (void)state;
    budget_take(&b, 100);
    budget_change(&b, 60, 20);
    assert_int_equal(budget_used(&b), 60);
    budget_give(&b, 60);
    assert_int_equal(budget_used(&b), 0);
}

static void
limit_is_reached_by_the_last_byte(void **state)
{
    struct budget b = { 0 };

    (void)state;
    budget_set_limit(&b, 100);
    budget_take(&b, 99);
    assert_false(budget_is_spent(&b));
    budget_take(&b, 1);
    assert_true(budget_is_spent(&b));
    budget_give(&b, 1);
    assert_false(budget_is_spent(&b));
}

static void
without_a_limit_nothing_is_too_much(void **state)
{
    struct budget b = { 0 };

    (void)state;
    budget_take(&b, SIZE_MAX / 2);
    assert_false(budget_is_spent(&b));
}

static void
bytes_count_until_their_last_holder_is_gone(void **state)
{
    struct budget budget = { 0 };
    struct bytes *b = bytes_count(bytes_new("0123456789", 10), &budget);
    size_t used = budget_used(&budget);

    (void)state;
    assert_true(used >= sizeof(*b) + 10);
    bytes_ref(b);
    assert_int_equal(budget_used(&budget), used);
    bytes_unref(b);
    assert_int_equal(budget_used(&budget), used);
    bytes_unref(b);
    assert_int_equal(budget_used(&budget), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_given_back_was_taken),
        cmocka_unit_test(limit_is_reached_by_the_last_byte),
        cmocka_unit_test(without_a_limit_nothing_is_too_much),
        cmocka_unit_test(bytes_count_until_their_last_holder_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
