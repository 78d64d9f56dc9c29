/* SPDX-License-Identifier: MIT */
/*
 * envelope: what Laravel publishes, and the packet that browsers get.
 */
#include "wire/envelope.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/text.h"

/* The packet for the channel "news". */
static void
check_encoded(const char *message, const char *wanted)
{
    struct str copy = text_exact(str_of(message));
    struct envelope e;
    struct bytes *text;

    assert_true(envelope_parse(copy, &e));
    text = envelope_encode(&e, STR_LIT("news"));
    assert_str(bytes_str(text), wanted);
    bytes_unref(text);
    text_free(copy);
}

static void
laravels_messages_become_events(void **state)
{
    (void)state;
    check_encoded("{\"event\":\"App\\\\Events\\\\NewsPosted\",\"data\":{\"text\":\"probe\","
                  "\"socket\":null},\"socket\":null}",
        "42[\"App\\\\Events\\\\NewsPosted\",\"news\",{\"text\":\"probe\",\"socket\":null}]");
    check_encoded("{\"event\":\"App\\\\Events\\\\NewsPosted\",\"data\":{\"text\":"
                  "\"Gr\\u00f6\\u00dfe \\/ \\\"ok\\\"\",\"socket\":null},\"socket\":null}",
        "42[\"App\\\\Events\\\\NewsPosted\",\"news\","
        "{\"text\":\"Größe / \\\"ok\\\"\",\"socket\":null}]");
}

static void
values_reach_the_browser_as_they_were_written(void **state)
{
    static const char *const values[] = { "1.0", "12345678901234567890", "0.10", "1e400", "{}",
        "[]", "[{},[]]", "{\"2\":1,\"1\":2}", "{\"a\":1,\"a\":2}", "null", "true", "\"text\"",
        "\"\\ud800\"", "\"\\u0000\"", "{ \"a\" : [ 1 ] }" };
    char message[100], wanted[100];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        snprintf(message, sizeof(message), "{\"event\":\"e\",\"data\":%s}", values[i]);
        snprintf(wanted, sizeof(wanted), "42[\"e\",\"news\",%s]", values[i]);
        check_encoded(message, wanted);
    }
}

static void
missing_data_becomes_null(void **state)
{
    (void)state;
    check_encoded("{\"event\":\"e\"}", "42[\"e\",\"news\",null]");
}

static void
channel_is_quoted(void **state)
{
    struct envelope e;
    struct bytes *text;

    (void)state;
    assert_true(envelope_parse(STR_LIT("{\"event\":\"e\",\"data\":1}"), &e));
    text = envelope_encode(&e, STR_LIT("a\"b\\é"));
    assert_str(bytes_str(text), "42[\"e\",\"a\\\"b\\\\é\",1]");
    bytes_unref(text);
}

static void
socket_is_a_string_or_nothing(void **state)
{
    struct envelope e;

    (void)state;
    assert_true(envelope_parse(STR_LIT("{\"event\":\"e\",\"socket\":\"q-gH\"}"), &e));
    assert_str(e.socket, "\"q-gH\"");
    assert_true(envelope_parse(STR_LIT("{\"event\":\"e\",\"socket\":null}"), &e));
    assert_int_equal(e.socket.len, 0);
    assert_true(envelope_parse(STR_LIT("{\"event\":\"e\",\"socket\":5}"), &e));
    assert_int_equal(e.socket.len, 0);
    assert_true(envelope_parse(STR_LIT("{\"event\":\"e\",\"data\":{\"socket\":\"x\"}}"), &e));
    assert_int_equal(e.socket.len, 0);
}

static void
last_member_of_a_name_wins(void **state)
{
    struct envelope e;

    (void)state;
    assert_true(envelope_parse(
        STR_LIT("{\"event\":1,\"data\":1,\"\\u0065vent\":\"b\",\"data\":2,\"socket\":\"x\","
                "\"socket\":null}"),
        &e));
    assert_str(e.event, "\"b\"");
    assert_str(e.data, "2");
    assert_int_equal(e.socket.len, 0);
    assert_false(envelope_parse(STR_LIT("{\"event\":\"a\",\"event\":1}"), &e));
}

static void
foreign_traffic_is_refused(void **state)
{
    static const char *const messages[] = { "", "text", "1", "null", "\"event\"", "[]",
        "[\"event\",\"e\"]", "{}", "{\"data\":1}", "{\"event\":null}", "{\"event\":{}}",
        "{\"event\":\"e\"", "{\"event\":\"e\"} x", "{\"Event\":\"e\"}", "{\"event\":\"\xff\"}",
        "O:8:\"stdClass\":0:{}" };
    struct envelope e;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(messages); i++)
        if (envelope_parse(str_of(messages[i]), &e))
            fail_msg("%s", messages[i]);
    assert_false(envelope_parse((struct str){ NULL, 0 }, &e));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(laravels_messages_become_events),
        cmocka_unit_test(values_reach_the_browser_as_they_were_written),
        cmocka_unit_test(missing_data_becomes_null),
        cmocka_unit_test(channel_is_quoted),
        cmocka_unit_test(socket_is_a_string_or_nothing),
        cmocka_unit_test(last_member_of_a_name_wins),
        cmocka_unit_test(foreign_traffic_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
