/* SPDX-License-Identifier: MIT */
/*
 * address: the forms that headers and options have.
 */
#include "base/address.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void
reads_as(const char *text, const char *expected)
{
    char out[ADDRESS_TEXT_SIZE];
    struct address a;

    assert_true(address_parse(str_of(text), &a));
    assert_string_equal(address_text(&a, out), expected);
}

static void
ports_and_brackets_are_passed_over(void **state)
{
    (void)state;
    reads_as("192.0.2.1", "192.0.2.1");
    reads_as("192.0.2.1:4711", "192.0.2.1");
    reads_as("2001:db8::1", "2001:db8::1");
    reads_as("[2001:DB8::1]:4711", "2001:db8::1");
    reads_as("[::1]", "::1");
    reads_as("::ffff:192.0.2.1", "192.0.2.1");
}

static void
what_is_no_address_is_refused(void **state)
{
    static const char *const bad[] = { "", "unknown", "_hidden", "192.0.2", "192.0.2.256", "[::1",
        "1.2.3.4 ", "::1::", "2001:db8::1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18" };
    struct address a;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(address_parse(str_of(bad[i]), &a));
    assert_false(address_parse(STR_LIT("1.2.3.4\0"), &a));
}

static bool
holds(const char *range, const char *address)
{
    struct address_range r;
    struct address a;

    assert_true(address_range_parse(str_of(range), &r));
    assert_true(address_parse(str_of(address), &a));
    return address_range_has(&r, &a);
}

static void
ranges_end_where_their_bits_do(void **state)
{
    (void)state;
    assert_true(holds("10.0.0.0/8", "10.255.255.255"));
    assert_false(holds("10.0.0.0/8", "11.0.0.0"));
    assert_true(holds("172.16.0.0/12", "172.31.0.1"));
    assert_false(holds("172.16.0.0/12", "172.32.0.1"));
    assert_true(holds("192.0.2.1", "192.0.2.1"));
    assert_false(holds("192.0.2.1", "192.0.2.0"));
    assert_true(holds("0.0.0.0/0", "192.0.2.1"));
    assert_false(holds("0.0.0.0/0", "2001:db8::1"));
    assert_true(holds("::/0", "2001:db8::1"));
    assert_true(holds("fc00::/7", "fdff::1"));
    assert_false(holds("fc00::/7", "fe00::1"));
    assert_true(holds("::1", "::1"));
}

static void
loopback_is_127_and_1(void **state)
{
    static const struct {
        const char *text;
        bool is;
    } cases[] = { { "127.0.0.1", true }, { "127.255.0.9", true }, { "::ffff:127.0.0.1", true },
        { "::1", true }, { "126.0.0.1", false }, { "::", false }, { "7f00::", false },
        { "2001:db8::1", false } };
    struct address a;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(address_parse(str_of(cases[i].text), &a));
        assert_int_equal(address_is_loopback(&a), cases[i].is);
    }
}

static void
ranges_with_too_many_bits_are_refused(void **state)
{
    struct address_range r;

    (void)state;
    assert_false(address_range_parse(STR_LIT("10.0.0.0/33"), &r));
    assert_false(address_range_parse(STR_LIT("::/129"), &r));
    assert_false(address_range_parse(STR_LIT("10.0.0.0/"), &r));
    assert_false(address_range_parse(STR_LIT("10.0.0.0/x"), &r));
    assert_false(address_range_parse(STR_LIT("/8"), &r));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_and_brackets_are_passed_over),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(ranges_end_where_their_bits_do),
        cmocka_unit_test(loopback_is_127_and_1),
        cmocka_unit_test(ranges_with_too_many_bits_are_refused),
    };

    return cmocka_run_group_tests_name("base/address", tests, NULL, NULL);
}
