/* SPDX-License-Identifier: MIT */
/*
 * option_value: which text is a value of which kind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "config/config.h"
#include "option_value.h"
#include "options.h"

static bool
parses(const char *path, void *slot, const char *text)
{
    return option_value_parse(options_find(str_of(path)), slot, str_of(text));
}

static void
a_port_is_the_last_digits_of_its_text(void **state)
{
    uint64_t port = 0;

    (void)state;
    assert_true(parses("port", &port, "6001"));
    assert_int_equal(port, 6001);
    assert_true(parses("port", &port, "tcp://10.0.0.9:6002"));
    assert_int_equal(port, 6002);
    assert_true(parses("port", &port, "http://10.0.0.9:6003/"));
    assert_int_equal(port, 6003);
    assert_false(parses("port", &port, "none"));
    assert_false(parses("port", &port, "70000"));
    assert_false(parses("port", &port, "0"));
    assert_false(parses("port", &port, "-1"));
    assert_false(parses("port", &port, "1234567"));
    assert_int_equal(port, 6003);
}

static void
a_number_stays_in_its_range(void **state)
{
    uint64_t ms = 5;

    (void)state;
    assert_true(parses("authTimeout", &ms, "10"));
    assert_false(parses("authTimeout", &ms, "9"));
    assert_false(parses("authTimeout", &ms, "86400001"));
    assert_false(parses("authTimeout", &ms, "12x"));
    assert_false(parses("authTimeout", &ms, ""));
    assert_int_equal(ms, 10);
    assert_true(parses("socketio.pingInterval", &ms, "0"));
    assert_int_equal(ms, 10);
}

static void
a_bool_has_four_spellings_each(void **state)
{
    bool on = false;

    (void)state;
    assert_true(parses("devMode", &on, "yes") && on);
    assert_true(parses("devMode", &on, "OFF") && !on);
    assert_true(parses("devMode", &on, "1") && on);
    assert_false(parses("devMode", &on, "maybe"));
}

static void
a_list_is_cut_at_commas_and_checked(void **state)
{
    struct config_list l = { 0 };

    (void)state;
    assert_true(parses("socketio.transports", &l, "polling, websocket"));
    assert_int_equal(l.count, 2);
    assert_false(parses("socketio.transports", &l, "polling,pigeon"));
    assert_int_equal(l.count, 2);
    option_value_free(options_find(STR_LIT("socketio.transports")), &l);
    assert_null(l.items);
}

static void
a_text_without_line_breaks(void **state)
{
    char *host = NULL;

    (void)state;
    assert_true(parses("host", &host, "::1"));
    assert_string_equal(host, "::1");
    assert_false(parses("host", &host, "a\r\nb"));
    option_value_free(options_find(STR_LIT("host")), &host);
    assert_null(host);
}

static void
what_would_be_right_is_said_for_every_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < options_count(); i++) {
        struct buffer b = { 0 };

        option_value_expected(options_row(i), &b);
        assert_true(b.len > 0);
        buffer_fini(&b);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_is_the_last_digits_of_its_text),
        cmocka_unit_test(a_number_stays_in_its_range),
        cmocka_unit_test(a_bool_has_four_spellings_each),
        cmocka_unit_test(a_list_is_cut_at_commas_and_checked),
        cmocka_unit_test(a_text_without_line_breaks),
        cmocka_unit_test(what_would_be_right_is_said_for_every_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
