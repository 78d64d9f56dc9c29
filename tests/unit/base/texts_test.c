/* SPDX-License-Identifier: MIT */
/*
 * texts: equal texts are one, for as long as anyone holds them, and are counted once.
 */
#include "base/texts.h"

#include "base/budget.h"
#include "text.h"

static void
equal_texts_are_one(void **state)
{
    struct texts t = { 0 };
    struct bytes *a = texts_hold(&t, STR_LIT("cookie")), *b = texts_hold(&t, STR_LIT("cookie"));
    struct bytes *other = texts_hold(&t, STR_LIT("cookies"));

    (void)state;
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, other);
    assert_str(texts_str(other), "cookies");
    texts_drop(&t, other);
    texts_drop(&t, a);
    assert_str(texts_str(b), "cookie");
    texts_drop(&t, b);
    texts_fini(&t);
}

static void
nothing_is_no_text(void **state)
{
    struct texts t = { 0 };

    (void)state;
    assert_null(texts_hold(&t, str_slice(NULL, 0)));
    assert_int_equal(texts_str(NULL).len, 0);
    texts_drop(&t, NULL);
    texts_fini(&t);
}

static void
many_holders_cost_as_much_as_one(void **state)
{
    struct budget budget = { 0 };
    struct texts t = { .budget = &budget };
    struct bytes *held[100];
    size_t one;

    (void)state;
    held[0] = texts_hold(&t, STR_LIT("X-CSRF-Token"));
    one = budget_used(&budget);
    assert_true(one >= sizeof("X-CSRF-Token"));
    for (size_t i = 1; i < COUNT_OF(held); i++)
        held[i] = texts_hold(&t, STR_LIT("X-CSRF-Token"));
    assert_int_equal(budget_used(&budget), one);
    for (size_t i = 1; i < COUNT_OF(held); i++)
        texts_drop(&t, held[i]);
    assert_int_equal(budget_used(&budget), one);
    texts_drop(&t, held[0]);
    assert_int_equal(budget_used(&budget), 0);
    texts_fini(&t);
}

static void
text_that_was_let_go_is_made_again(void **state)
{
    struct texts t = { 0 };
    struct bytes *b = texts_hold(&t, STR_LIT("a"));

    (void)state;
    texts_drop(&t, b);
    b = texts_hold(&t, STR_LIT("a"));
    assert_str(texts_str(b), "a");
    texts_drop(&t, b);
    texts_fini(&t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_are_one),
        cmocka_unit_test(nothing_is_no_text),
        cmocka_unit_test(many_holders_cost_as_much_as_one),
        cmocka_unit_test(text_that_was_let_go_is_made_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
