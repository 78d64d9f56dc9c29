/* SPDX-License-Identifier: MIT */
/*
 * refusals: how often an address may be wrong.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "refusals.h"

enum { NOW = 1000000 };

static struct refusals refusals;

static int
setup(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    refusals = (struct refusals){ 0 };
    return 0;
}

static unsigned
count(const char *address, uint64_t at_ms)
{
    return refusals_count(&refusals, address, STR_LIT("app"), at_ms);
}

static void
use_up(const char *address)
{
    for (int i = 0; i < REFUSALS_BURST; i++)
        assert_int_equal(count(address, NOW), 0);
}

static void
an_address_may_be_wrong_so_often(void **state)
{
    (void)state;
    use_up("192.0.2.1");
    for (int i = 0; i < 1000; i++)
        assert_int_equal(count("192.0.2.1", NOW), 1);
    assert_int_equal(count("::ffff:192.0.2.1", NOW), 1);
    assert_int_equal(count("192.0.2.2", NOW), 0);
    assert_int_equal(count("192.0.2.1", NOW + 999), 1);
    assert_int_equal(count("192.0.2.1", NOW + 1000), 0);
    assert_int_equal(count("192.0.2.1", NOW + 1000), 1);
    assert_int_equal(count("192.0.2.1", NOW + 3000), 0);
    assert_int_equal(count("192.0.2.1", NOW + 3000), 0);
    assert_int_equal(count("192.0.2.1", NOW + 3000), 1);
}

static void
a_network_of_ipv6_counts_as_one(void **state)
{
    char text[40];

    (void)state;
    use_up("2001:db8:0:1::1");
    for (unsigned i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "2001:db8:0:1::%x", i);
        assert_int_equal(count(text, NOW), 1);
    }
    assert_int_equal(count("2001:db8:0:2::1", NOW), 0);
}

static void
what_is_no_address_counts_too(void **state)
{
    (void)state;
    use_up("");
    assert_int_equal(count("", NOW), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_address_may_be_wrong_so_often, setup),
        cmocka_unit_test_setup(a_network_of_ipv6_counts_as_one, setup),
        cmocka_unit_test_setup(what_is_no_address_counts_too, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
