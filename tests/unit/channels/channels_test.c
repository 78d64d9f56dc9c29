/* SPDX-License-Identifier: MIT */
/*
 * channels: kinds of channels, payloads that are no such thing, back-pressure.
 */
#include "channels/channels.h"

#include "scene.h"

static void
kinds_go_by_the_marker(void **state)
{
    (void)state;
    assert_int_equal(channels_kind(STR_LIT("news")), CHANNEL_PUBLIC);
    assert_int_equal(channels_kind(STR_LIT("privatex")), CHANNEL_PUBLIC);
    assert_int_equal(channels_kind(STR_LIT("private-x")), CHANNEL_PRIVATE);
    assert_int_equal(channels_kind(STR_LIT("presence-x")), CHANNEL_PRESENCE);
    assert_int_equal(channels_kind(STR_LIT("app_private-x")), CHANNEL_PRIVATE);
    assert_int_equal(channels_kind(STR_LIT("app_presence-x")), CHANNEL_PRIVATE);
}

static void
broken_payloads_are_ignored(void **state)
{
    static const char *const names[] = { "\"subscribe\"", "\"unsubscribe\"", "\"client event\"" };
    static const char *const payloads[] = { "", "null", "1", "\"x\"", "[]", "{}", "true",
        "{\"channel\":null}", "{\"channel\":1}", "{\"channel\":[\"a\"]}", "{\"channel\":{}}",
        "{\"channel\":\"\"}", "\"{\"", "\"[]\"", "\"\\\"x\\\"\"",
        "{\"channel\":\"x\",\"event\":1}" };

    (void)state;
    for (size_t n = 0; n < COUNT_OF(names); n++) {
        /* The last payload is whole for the first two. */
        for (size_t i = 0; i < COUNT_OF(payloads) - (n < 2 ? 1 : 0); i++)
            says(&ann, names[n], payloads[i]);
    }
    says(&ann, "\"unsubscribe\"", "{\"channel\":\"presence-none\"}");
    says(&ann, "\"something else\"", "{\"channel\":\"x\"}");
    story_is("");
    says_with_ack(&ann, "\"subscribe\"", "null", 9);
    story_is("ann < ack 9 {\"ok\":false,\"status\":0}\n");
}

static void
headers_must_be_an_object(void **state)
{
    (void)state;
    says(&ann, "\"subscribe\"", "{\"channel\":\"private-a\",\"auth\":{\"headers\":[1]}}");
    says(&ann, "\"subscribe\"", "{\"channel\":\"private-b\",\"auth\":\"x\"}");
    says(&ann, "\"subscribe\"", "{\"channel\":\"private-c\",\"auth\":{}}");
    story_is("ask private-a \nask private-b \nask private-c \n");
}

static void
a_client_waits_while_the_hub_is_behind(void **state)
{
    (void)state;
    hub_full = true;
    subscribes(&ann, "a");
    subscribes(&ann, "b");
    assert_int_equal(ann.paused, 1);
    assert_int_equal(bob.paused, 0);
    subscribes(&bob, "b");
    disconnect_socket(1);
    assert_int_equal(bob.paused, 0);
    hub_full = false;
    hub_handlers->on_drain(hub_owner);
    assert_int_equal(ann.paused, 0);
    hub_handlers->on_drain(hub_owner);
    assert_int_equal(ann.paused, 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(kinds_go_by_the_marker),
        TEST(broken_payloads_are_ignored),
        TEST(headers_must_be_an_object),
        TEST(a_client_waits_while_the_hub_is_behind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
