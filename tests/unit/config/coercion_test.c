/* SPDX-License-Identifier: MIT */
/*
 * coercion: what each rule makes of JSON's types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "coercion.h"
#include "config/config.h"
#include "option_value.h"
#include "options.h"

static const struct option *
row(const char *path)
{
    return options_find(str_of(path));
}

static enum coercion
take(const char *path, void *slot, const char *json)
{
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    enum coercion result = coercion_read(row(path), slot, value);

    assert_non_null(value);
    json_decref(value);
    return result;
}

static void
what_the_option_asks_for_is_read(void **state)
{
    uint64_t port = 7;
    bool on = true;

    (void)state;
    assert_int_equal(take("socketio.serveClient", &on, "false"), COERCION_READ);
    assert_false(on);
    assert_int_equal(take("port", &port, "\"7001\""), COERCION_READ);
    assert_int_equal(port, 7001);
}

static void
truth_is_javascript_s(void **state)
{
    static const struct {
        const char *path, *json;
        bool on;
    } cases[] = {
        { "subscribers.http", "\"false\"", true },
        { "subscribers.http", "0", false },
        { "subscribers.http", "1", true },
        { "subscribers.http", "[]", true },
        { "subscribers.http", "\"\"", false },
        { "socketio.serveClient", "\"false\"", true },
        { "socketio.serveClient", "0", true },
        { "databaseConfig.publishPresence", "\"true\"", false },
        { "databaseConfig.publishPresence", "1", false },
        { "devMode", "\"1\"", false },
        { "devMode", "1", false },
        { "devMode", "[true]", true },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        bool on = !cases[i].on;

        assert_int_equal(take(cases[i].path, &on, cases[i].json), COERCION_TAKEN);
        assert_int_equal(on, cases[i].on);
    }
}

static void
a_number_out_of_range_is_the_nearest_and_what_is_none_is_not_given(void **state)
{
    uint64_t ms = 7;

    (void)state;
    assert_int_equal(take("socketio.pingInterval", &ms, "\"abc\""), COERCION_DEFAULT);
    assert_int_equal(take("socketio.pingInterval", &ms, "[3000]"), COERCION_DEFAULT);
    assert_int_equal(take("socketio.pingInterval", &ms, "true"), COERCION_DEFAULT);
    assert_int_equal(take("socketio.pingInterval", &ms, "\"nan\""), COERCION_DEFAULT);
    assert_int_equal(ms, 7);
    assert_int_equal(take("socketio.pingInterval", &ms, "-5"), COERCION_TAKEN);
    assert_int_equal(ms, 10);
    assert_int_equal(take("socketio.pingInterval", &ms, "1e12"), COERCION_TAKEN);
    assert_int_equal(ms, 86400000);
    assert_int_equal(take("socketio.pingInterval", &ms, "\" 3e3 \""), COERCION_TAKEN);
    assert_int_equal(ms, 3000);
    assert_int_equal(take("databaseConfig.redis.port", &ms, "\"6380/0\""), COERCION_TAKEN);
    assert_int_equal(ms, 6380);
    assert_int_equal(take("databaseConfig.redis.port", &ms, "70000"), COERCION_TAKEN);
    assert_int_equal(ms, 0);
}

static void
a_port_is_the_last_two_to_five_digits(void **state)
{
    uint64_t port = 7;

    (void)state;
    assert_int_equal(take("port", &port, "\"1234567\""), COERCION_TAKEN);
    assert_int_equal(port, 34567);
    assert_int_equal(take("port", &port, "-6001"), COERCION_TAKEN);
    assert_int_equal(port, 6001);
    assert_int_equal(take("port", &port, "[6002]"), COERCION_TAKEN);
    assert_int_equal(port, 6002);
    assert_int_equal(take("port", &port, "\"-1\""), COERCION_WRONG);
    assert_int_equal(take("port", &port, "70000"), COERCION_WRONG);
    assert_int_equal(take("port", &port, "true"), COERCION_WRONG);
    assert_int_equal(take("port", &port, "{}"), COERCION_WRONG);
}

static void
a_text_is_what_string_makes_of_the_value(void **state)
{
    char *text = NULL;

    (void)state;
    assert_int_equal(
        take("apiOriginAllow.allowMethods", &text, "[\"GET\",1.5,true]"), COERCION_TAKEN);
    assert_string_equal(text, "GET,1.5,true");
    assert_int_equal(take("apiOriginAllow.allowMethods", &text, "{}"), COERCION_DEFAULT);
    assert_int_equal(take("apiOriginAllow.allowMethods", &text, "\"a\\nb\""), COERCION_DEFAULT);
    assert_string_equal(text, "GET,1.5,true");
    option_value_free(row("apiOriginAllow.allowMethods"), &text);
}

static void
what_is_no_choice_and_no_text_counts_as_not_given(void **state)
{
    unsigned protocol = CONFIG_HTTPS;
    char *same_site = NULL;

    (void)state;
    assert_int_equal(take("protocol", &protocol, "\"https\""), COERCION_READ);
    assert_int_equal(take("host", &same_site, "5"), COERCION_DEFAULT);
    assert_int_equal(take("protocol", &protocol, "\"HTTPS\""), COERCION_DEFAULT);
    assert_int_equal(take("protocol", &protocol, "true"), COERCION_DEFAULT);
    assert_int_equal(protocol, CONFIG_HTTPS);
    assert_int_equal(take("socketio.cookie.sameSite", &same_site, "\"odd\""), COERCION_DEFAULT);
    assert_int_equal(take("socketio.cookie.sameSite", &same_site, "true"), COERCION_TAKEN);
    assert_string_equal(same_site, "Strict");
    option_value_free(row("socketio.cookie.sameSite"), &same_site);
}

static void
of_a_list_the_known_words_count(void **state)
{
    struct config_list l = { 0 };

    (void)state;
    assert_int_equal(take("socketio.transports", &l, "\"flash websocket\""), COERCION_TAKEN);
    assert_int_equal(l.count, 1);
    assert_string_equal(l.items[0], "websocket");
    assert_int_equal(take("socketio.transports", &l, "\"flash\""), COERCION_DEFAULT);
    assert_int_equal(take("socketio.transports", &l, "5"), COERCION_WRONG);
    assert_int_equal(l.count, 1);
    option_value_free(row("socketio.transports"), &l);
}

static void
options_of_this_server_alone_are_strict(void **state)
{
    uint64_t number = 7;
    bool on = true;

    (void)state;
    assert_int_equal(take("workers", &number, "1000"), COERCION_WRONG);
    assert_int_equal(take("authVerifyTls", &on, "0"), COERCION_WRONG);
    assert_true(on && number == 7);
}

static void
a_variable_spells_its_truth_but_for_debug(void **state)
{
    bool on = true;

    (void)state;
    assert_int_equal(
        coercion_read_text(row("subscribers.http"), &on, STR_LIT("false")), COERCION_READ);
    assert_false(on);
    assert_int_equal(
        coercion_read_text(row("subscribers.http"), &on, STR_LIT("maybe")), COERCION_WRONG);
    on = true;
    assert_int_equal(coercion_read_text(row("devMode"), &on, STR_LIT("1")), COERCION_TAKEN);
    assert_false(on);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_option_asks_for_is_read),
        cmocka_unit_test(truth_is_javascript_s),
        cmocka_unit_test(a_number_out_of_range_is_the_nearest_and_what_is_none_is_not_given),
        cmocka_unit_test(a_port_is_the_last_two_to_five_digits),
        cmocka_unit_test(a_text_is_what_string_makes_of_the_value),
        cmocka_unit_test(what_is_no_choice_and_no_text_counts_as_not_given),
        cmocka_unit_test(of_a_list_the_known_words_count),
        cmocka_unit_test(options_of_this_server_alone_are_strict),
        cmocka_unit_test(a_variable_spells_its_truth_but_for_debug),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
