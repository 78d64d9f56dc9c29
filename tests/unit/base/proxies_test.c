/* SPDX-License-Identifier: MIT */
/*
 * proxies: who is trusted, at which hop.
 */
#include "base/proxies.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/buffer.h"

static bool
trusts(const char *entry, const char *address, unsigned hop)
{
    struct buffer error = { 0 };
    struct proxies *p = proxies_new(&entry, 1, &error);
    struct address a;
    bool trusted;

    assert_non_null(p);
    assert_true(address_parse(str_of(address), &a));
    trusted = proxies_trust(p, &a, hop);
    proxies_free(p);
    return trusted;
}

static void
true_is_everybody_and_false_nobody(void **state)
{
    (void)state;
    assert_true(trusts("true", "192.0.2.1", 31));
    assert_false(trusts("false", "127.0.0.1", 0));
    assert_false(trusts("0", "127.0.0.1", 0));
}

static void
a_number_is_that_many_hops(void **state)
{
    (void)state;
    assert_true(trusts("2", "192.0.2.1", 1));
    assert_false(trusts("2", "192.0.2.1", 2));
}

static void
words_stand_for_ranges(void **state)
{
    (void)state;
    assert_true(trusts("loopback", "127.9.9.9", 0));
    assert_true(trusts("Loopback", "::1", 5));
    assert_false(trusts("loopback", "10.0.0.1", 0));
    assert_true(trusts("linklocal", "fe80::1", 0));
    assert_true(trusts("uniquelocal", "192.168.1.1", 0));
    assert_true(trusts("uniquelocal", "fd00::1", 0));
    assert_false(trusts("uniquelocal", "172.32.0.1", 0));
}

static void
an_entry_that_is_nothing_of_this_is_named(void **state)
{
    static const char *const lists[][2] = { { "10.0.0.0/8", "nginx" }, { "10.0.0.0/8", "true" } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct buffer error = { 0 };

        assert_null(proxies_new(lists[i], 2, &error));
        assert_true(str_contains(buffer_str(&error), lists[i][1]));
        buffer_fini(&error);
    }
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_is_everybody_and_false_nobody),
        cmocka_unit_test(a_number_is_that_many_hops),
        cmocka_unit_test(words_stand_for_ranges),
        cmocka_unit_test(an_entry_that_is_nothing_of_this_is_named),
    };

    return cmocka_run_group_tests_name("base/proxies", tests, NULL, NULL);
}
