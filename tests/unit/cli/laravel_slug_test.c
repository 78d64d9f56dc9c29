/* SPDX-License-Identifier: MIT */
/*
 * laravel_slug: expectations are what Laravel's Str::slug() gives.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "laravel_slug.h"

static bool
is(const char *name, const char *underscores, const char *hyphens)
{
    struct buffer one = { 0 }, other = { 0 };
    bool exact = laravel_slug(str_of(name), '_', &one);

    assert_int_equal(laravel_slug(str_of(name), '-', &other), exact);
    buffer_append_char(&one, 0);
    buffer_append_char(&other, 0);
    assert_string_equal(one.data, underscores);
    assert_string_equal(other.data, hyphens);
    buffer_fini(&one);
    buffer_fini(&other);
    return exact;
}

static void
words_are_joined(void **state)
{
    (void)state;
    assert_true(is("Laravel", "laravel", "laravel"));
    assert_true(is("My App", "my_app", "my-app"));
    assert_true(is("Foo_Bar-baz", "foo_bar_baz", "foo-bar-baz"));
    assert_true(is(" _a_- b--", "a_b", "a-b"));
    assert_true(is("A.B.C 1.5", "abc_15", "abc-15"));
    assert_true(is("Tom & Jerry", "tom_jerry", "tom-jerry"));
    assert_true(is("a@b", "a_at_b", "a-at-b"));
    assert_true(is("x@", "x_at", "x-at"));
    assert_true(is("", "", ""));
}

static void
letters_with_marks_are_spelt_plain(void **state)
{
    (void)state;
    assert_true(is("\u00dcn\u00efcode \u00c4rger", "unicode_arger", "unicode-arger"));
    assert_true(is("Stra\u00dfe \u0141\u00f3d\u017a", "strasse_lodz", "strasse-lodz"));
    assert_true(is("\u00c6on\u00a0\u0152uvre \u0132", "aeon_oeuvre_ij", "aeon-oeuvre-ij"));
}

static void
other_scripts_are_not_guessed(void **state)
{
    (void)state;
    assert_false(is("\u65e5\u672c app", "app", "app"));
    assert_false(is("Caf\u00e9 \u2116 5", "cafe_5", "cafe-5"));
    assert_false(is("a\xff", "a", "a"));
    assert_false(is("a\xc3", "a", "a"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_joined),
        cmocka_unit_test(letters_with_marks_are_spelt_plain),
        cmocka_unit_test(other_scripts_are_not_guessed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
