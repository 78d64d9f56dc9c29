/* SPDX-License-Identifier: MIT */
/*
 * channels: kinds of channels, broken payloads, back-pressure, client events.
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

static void
member_of(struct sio_socket *s, const char *channel)
{
    subscribes(s, channel);
    application_answers(ask_count - 1, 200, NULL);
    buffer_clear(&story);
}

static void
a_whisper_goes_to_the_others_through_the_hub(void **state)
{
    struct bytes *text;

    (void)state;
    member_of(&ann, "private-a");
    member_of(&bob, "private-a");
    says(&ann, "\"client event\"",
        "{\"channel\":\"private-a\",\"event\":\"client-x\",\"data\":{\"n\":1.0}}");
    story_is("whisper 42[\"client-x\",\"private-a\",{\"n\":1.0}] but public-ann in private-a\n");
    text = bytes_new("42[]", 4);
    hub_handlers->on_broadcast(hub_owner, STR_LIT("private-a"), text, STR_LIT("public-ann"));
    story_is("bob < 42[]\n");
    hub_handlers->on_broadcast(hub_owner, STR_LIT("private-a"), text, STR_LIT("ann"));
    story_is("bob < 42[]\n");
    hub_handlers->on_broadcast(hub_owner, STR_LIT("private-a"), text, STR_LIT("nobody"));
    story_is("ann < 42[]\nbob < 42[]\n");
    hub_handlers->on_broadcast(hub_owner, STR_LIT("private-b"), text, STR_LIT(""));
    story_is("");
    bytes_unref(text);
}

static void
a_whisper_may_come_as_a_string_and_without_data(void **state)
{
    (void)state;
    member_of(&ann, "presence-a");
    says(&ann, "\"client event\"",
        "\"{\\\"channel\\\":\\\"presence-a\\\",\\\"event\\\":\\\"client-y\\\"}\"");
    story_is("whisper 42[\"client-y\",\"presence-a\",null] but public-ann in presence-a\n");
}

static void
whispers_out_of_order_are_refused_and_reach_nobody(void **state)
{
    static const struct {
        const char *channel, *event, *reason;
    } cases[] = {
        { "news", "client-x", "only private and presence channels take client events" },
        { "x-private-a", "client-x", "only private and presence channels take client events" },
        { "private-b", "client-x", "not a member of this channel" },
        { "private-pending", "client-x", "not a member of this channel" },
        { "private-a", "x-client-x", "the name of a client event begins with client-" },
        { "private-a", "Client-x", "the name of a client event begins with client-" },
    };

    (void)state;
    limits.channels = 10;
    member_of(&ann, "private-a");
    member_of(&ann, "x-private-a");
    member_of(&bob, "private-b");
    subscribes(&ann, "news");
    subscribes(&ann, "private-pending");
    buffer_clear(&story);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char argument[256], expected[256];

        (void)snprintf(argument, sizeof(argument), "{\"channel\":\"%s\",\"event\":\"%s\"}",
            cases[i].channel, cases[i].event);
        says_with_ack(&ann, "\"client event\"", argument, 1);
        (void)snprintf(expected, sizeof(expected),
            "ann < whisper_error %s \"%s\"\nann < ack 1 {\"ok\":false,\"status\":403}\n",
            cases[i].channel, cases[i].reason);
        story_is(expected);
    }
}

static void
a_whisper_whose_data_is_too_large_is_refused(void **state)
{
    (void)state;
    limits.whisper_bytes = 6;
    member_of(&ann, "private-a");
    says(&ann, "\"client event\"",
        "{\"channel\":\"private-a\",\"event\":\"client-x\",\"data\":\"1234\"}");
    story_is("whisper 42[\"client-x\",\"private-a\",\"1234\"] but public-ann in private-a\n");
    says(&ann, "\"client event\"",
        "{\"channel\":\"private-a\",\"event\":\"client-x\",\"data\":\"12345\"}");
    story_is("ann < whisper_error private-a \"the data is too large (whisperMaxSize)\"\n");
}

static void
whispers_that_come_too_fast_are_refused(void **state)
{
    static const char event[] = "{\"channel\":\"private-a\",\"event\":\"client-x\"}";

    (void)state;
    limits.whisper_rate.per_s = 2;
    member_of(&ann, "private-a");
    member_of(&bob, "private-a");
    for (int i = 0; i < 2; i++)
        says(&ann, "\"client event\"", event);
    buffer_clear(&story);
    says_with_ack(&ann, "\"client event\"", event, 1);
    story_is("ann < whisper_error private-a "
             "\"too many client events in a second (whisperRate)\"\n"
             "ann < ack 1 {\"ok\":false,\"status\":403}\n");
    says(&bob, "\"client event\"", event);
    story_is("whisper 42[\"client-x\",\"private-a\",null] but public-bob in private-a\n");
}

static void
who_is_entering_is_no_member_yet(void **state)
{
    (void)state;
    subscribes(&ann, "presence-a");
    application_admits(0, "{\"channel_data\":{\"user_id\":1}}");
    buffer_clear(&story);
    says(&ann, "\"client event\"", "{\"channel\":\"presence-a\",\"event\":\"client-x\"}");
    story_is("ann < whisper_error presence-a \"not a member of this channel\"\n");
    hub_lists("42[]");
    buffer_clear(&story);
    says(&ann, "\"client event\"", "{\"channel\":\"presence-a\",\"event\":\"client-x\"}");
    story_is("whisper 42[\"client-x\",\"presence-a\",null] but public-ann in presence-a\n");
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
        TEST(a_whisper_goes_to_the_others_through_the_hub),
        TEST(a_whisper_may_come_as_a_string_and_without_data),
        TEST(whispers_out_of_order_are_refused_and_reach_nobody),
        TEST(a_whisper_whose_data_is_too_large_is_refused),
        TEST(whispers_that_come_too_fast_are_refused),
        TEST(who_is_entering_is_no_member_yet),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
