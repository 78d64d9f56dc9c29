/* SPDX-License-Identifier: MIT */
/*
 * str: operations on slices.
 */
#include "base/str.h"

#include "text.h"

static const struct str none = { NULL, 0 };

static void
comparisons_look_at_every_byte(void **state)
{
    (void)state;
    assert_true(str_equal(RAW("a\0b"), RAW("a\0b")));
    assert_false(str_equal(RAW("a\0b"), RAW("a\0c")));
    assert_false(str_equal(STR_LIT("a"), STR_LIT("ab")));
    assert_true(str_equal(none, STR_LIT("")));
    assert_true(str_is(STR_LIT("abc"), "abc"));
    assert_false(str_is(RAW("abc\0"), "abc"));
    assert_true(str_is(none, ""));
    assert_int_equal(str_of(NULL).len, 0);
}

static void
case_is_ignored_for_ascii_only(void **state)
{
    (void)state;
    assert_true(str_is_nocase(STR_LIT("WebSocket"), "websocket"));
    assert_false(str_is_nocase(STR_LIT("\xc3\x89"), "\xc3\xa9"));
    assert_false(str_is_nocase(STR_LIT("web"), "websocket"));
    assert_false(str_is_nocase(RAW("a\0b"), "a"));
    assert_false(str_is_nocase(RAW("a\0b"), "axb"));
    assert_true(str_same_nocase(STR_LIT("https://"), STR_LIT("HTTPS://")));
    assert_false(str_same_nocase(STR_LIT("a.test"), STR_LIT("a.tes")));
    assert_true(str_same_nocase(str_slice(NULL, 0), STR_LIT("")));
}

static void
beginnings_ends_and_parts_are_found(void **state)
{
    (void)state;
    assert_true(str_starts(STR_LIT("private-x"), "private-"));
    assert_false(str_starts(STR_LIT("priv"), "private-"));
    assert_true(str_starts(none, ""));
    assert_true(str_ends(STR_LIT("app.map"), ".map"));
    assert_false(str_ends(STR_LIT("map"), ".map"));
    assert_true(str_contains(STR_LIT("laravel_private-x"), "private-"));
    assert_false(str_contains(STR_LIT("laravel_privat"), "private-"));
    assert_false(str_contains(none, "x"));
    assert_true(str_contains(none, ""));
}

static void
trim_takes_white_space_at_both_ends(void **state)
{
    (void)state;
    assert_str(str_trim(STR_LIT(" \t a b\r\n ")), "a b");
    assert_int_equal(str_trim(STR_LIT(" \n")).len, 0);
    assert_int_equal(str_trim(none).len, 0);
}

static void
cut_splits_at_the_first_separator(void **state)
{
    struct str rest;

    (void)state;
    assert_str(str_cut(STR_LIT("a=b=c"), '=', &rest), "a");
    assert_str(rest, "b=c");
    assert_str(str_cut(STR_LIT("abc"), '=', &rest), "abc");
    assert_int_equal(rest.len, 0);
    assert_str(str_cut(STR_LIT("=x"), '=', &rest), "");
    assert_str(rest, "x");
    assert_str(str_cut(STR_LIT("x="), '=', &rest), "x");
    assert_int_equal(rest.len, 0);
    assert_int_equal(str_cut(none, '=', &rest).len, 0);
}

static void
cut_may_write_over_its_input(void **state)
{
    struct str list = STR_LIT("a,b");

    (void)state;
    assert_str(str_cut(list, ',', &list), "a");
    assert_str(str_cut(list, ',', &list), "b");
    assert_int_equal(list.len, 0);
}

static void
control_characters_are_seen(void **state)
{
    (void)state;
    assert_false(str_has_control(STR_LIT(" ~\xc3\xa9")));
    assert_true(str_has_control(STR_LIT("a\r")));
    assert_true(str_has_control(STR_LIT("\x7f")));
    assert_true(str_has_control(RAW("\0")));
    assert_false(str_has_control(none));
}

static void
numbers_are_digits_within_the_limit(void **state)
{
    static const char *const bad[] = { "", "+1", "-1", " 1", "1 ", "1a", "0x1", "1.0",
        "18446744073709551616", "99999999999999999999999" };
    uint64_t value = 77;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(str_to_u64(str_of(bad[i]), UINT64_MAX, &value));
    assert_int_equal(value, 77);
    assert_true(str_to_u64(STR_LIT("18446744073709551615"), UINT64_MAX, &value));
    assert_true(value == UINT64_MAX);
    assert_true(str_to_u64(STR_LIT("007"), 10, &value) && value == 7);
    assert_true(str_to_u64(STR_LIT("10"), 10, &value) && value == 10);
    assert_false(str_to_u64(STR_LIT("11"), 10, &value));
}

static void
url_decoding_follows_node(void **state)
{
    static const char *const pairs[][2] = { { "a%20b+c", "a b c" }, { "%e2%82%AC", "€" },
        { "100%", "100%" }, { "%4", "%4" }, { "%zz%41", "%zzA" }, { "%%41", "%A" }, { "", "" } };
    char out[32];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        struct str in = text_exact(str_of(pairs[i][0]));
        assert_str(str_slice(out, str_url_decode(in, out)), pairs[i][1]);
        text_free(in);
    }
}

static void
query_gives_the_first_value_of_a_key(void **state)
{
    const struct str query = STR_LIT("EIO=4&transport=polling&flag&x=&sid=a=b&sid=c");
    struct str value;

    (void)state;
    assert_true(str_query_get(query, "EIO", &value));
    assert_str(value, "4");
    assert_true(str_query_get(query, "sid", &value));
    assert_str(value, "a=b");
    assert_true(str_query_get(query, "flag", &value) && value.len == 0);
    assert_true(str_query_get(query, "x", &value) && value.len == 0);
    assert_false(str_query_get(query, "eio", &value));
    assert_false(str_query_get(query, "trans", &value));
    assert_false(str_query_get(none, "a", &value));
}

static void
secrets_compare_by_content_and_length(void **state)
{
    (void)state;
    assert_true(str_equal_secret(STR_LIT("abc"), STR_LIT("abc")));
    assert_false(str_equal_secret(STR_LIT("abc"), STR_LIT("abd")));
    assert_false(str_equal_secret(STR_LIT("abc"), STR_LIT("ab")));
    assert_true(str_equal_secret(none, none));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparisons_look_at_every_byte),
        cmocka_unit_test(case_is_ignored_for_ascii_only),
        cmocka_unit_test(beginnings_ends_and_parts_are_found),
        cmocka_unit_test(trim_takes_white_space_at_both_ends),
        cmocka_unit_test(cut_splits_at_the_first_separator),
        cmocka_unit_test(cut_may_write_over_its_input),
        cmocka_unit_test(control_characters_are_seen),
        cmocka_unit_test(numbers_are_digits_within_the_limit),
        cmocka_unit_test(url_decoding_follows_node),
        cmocka_unit_test(query_gives_the_first_value_of_a_key),
        cmocka_unit_test(secrets_compare_by_content_and_length),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
