/* SPDX-License-Identifier: MIT */
/*
 * subscription: who joins what, and when.
 */
#include "subscription.h"

#include "base/budget.h"
#include "scene.h"

static void
a_public_channel_is_joined_without_asking(void **state)
{
    (void)state;
    subscribes(&ann, "news");
    story_is("join news\n");
    subscribes(&ann, "news");
    story_is("");
    unsubscribes(&ann, "news");
    story_is("leave news\n");
    unsubscribes(&ann, "news");
    story_is("");
}

static void
the_application_decides_on_private_channels(void **state)
{
    (void)state;
    says(&ann, "\"subscribe\"", "{\"channel\":\"private-a\",\"auth\":{\"headers\":{\"X\":\"1\"}}}");
    story_is("ask private-a {\"X\":\"1\"}\n");
    application_answers(0, 200, NULL);
    story_is("join private-a\n");
    subscribes(&ann, "private-b");
    application_answers(1, 403, NULL);
    story_is("ask private-b \nann < subscription_error private-b 403\n");
    subscribes(&ann, "private-c");
    application_answers(2, 0, "no answer");
    story_is("ask private-c \nann < subscription_error private-c 0\n");
    subscribes(&ann, "presence-d");
    application_answers(3, 200, NULL);
    story_is("ask presence-d \njoin presence-d\n");
}

static void
equal_headers_are_kept_once(void **state)
{
    static const char *const same = ",\"auth\":{\"headers\":{\"X\":\"1\"}}}";
    const char *channel[] = { "{\"channel\":\"private-a\"", "{\"channel\":\"private-b\"" };
    struct sio_socket *const sockets[] = { &ann, &ann, &bob };
    char payload[128];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sockets); i++) {
        (void)snprintf(payload, sizeof(payload), "%s%s", channel[i % 2], same);
        says(sockets[i], "\"subscribe\"", payload);
        assert_ptr_equal(asks[i]->question.headers.data, asks[0]->question.headers.data);
        assert_int_equal(asks[i]->question.own_bytes, i == 0 ? sizeof("{'X':'1'}") - 1 : 0);
    }
    buffer_clear(&story);
}

static void
headers_of_a_question_outlive_newer_ones(void **state)
{
    (void)state;
    says(&ann, "\"subscribe\"", "{\"channel\":\"private-a\",\"auth\":{\"headers\":{\"X\":1}}}");
    says(&ann, "\"subscribe\"", "{\"channel\":\"private-b\",\"auth\":{\"headers\":{\"X\":2}}}");
    assert_str(asks[0]->question.headers, "{\"X\":1}");
    assert_str(asks[1]->question.headers, "{\"X\":2}");
    application_answers(0, 200, NULL);
    assert_str(asks[1]->question.headers, "{\"X\":2}");
    buffer_clear(&story);
}

static void
whoever_holds_much_gets_no_more_when_memory_is_short(void **state)
{
    char channel[24];

    (void)state;
    limits.channels = 1000;
    for (int i = 0; i < 300; i++) {
        (void)snprintf(channel, sizeof(channel), "room-%d", i);
        subscribes(&ann, channel);
    }
    budget_set_limit(loop_budget(loop), 1);
    buffer_clear(&story);
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"one-more\"}", 1);
    story_is("ann < subscription_error one-more 503\nann < ack 1 {\"ok\":false,\"status\":503}\n");
    subscribes(&bob, "one-more");
    story_is("join one-more\n");
    budget_set_limit(loop_budget(loop), 0);
    subscribes(&ann, "one-more");
    story_is("join one-more\n");
    disconnect_socket(0);
    buffer_clear(&story);
}

static void
member_data_is_counted_until_the_member_is_gone(void **state)
{
    const struct budget *b = loop_budget(loop);
    char body[3000];
    size_t before;

    (void)state;
    subscribes(&ann, "presence-a");
    before = budget_used(b);
    (void)snprintf(
        body, sizeof(body), "{\"channel_data\":{\"user_id\":1,\"user_info\":\"%02000d\"}}", 0);
    application_admits(0, body);
    assert_in_range(budget_used(b), before + 2000, before + 2500);
    unsubscribes(&ann, "presence-a");
    assert_true(budget_used(b) < before);
    buffer_clear(&story);
}

static void
a_marker_anywhere_is_asked_as_it_is(void **state)
{
    (void)state;
    subscribes(&ann, "app_private-x");
    story_is("ask app_private-x \n");
    application_answers(0, 200, NULL);
    story_is("join app_private-x\n");
}

static void
a_second_subscribe_joins_the_pending_one(void **state)
{
    (void)state;
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"private-a\"}", 1);
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"private-a\"}", 2);
    story_is("ask private-a \n");
    application_answers(0, 200, NULL);
    story_is("join private-a\n");
    hub_answers_all();
    story_is("ann < ack 1 {\"ok\":true}\nann < ack 2 {\"ok\":true}\n");
}

static void
leaving_while_pending_joins_nothing(void **state)
{
    (void)state;
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"private-a\"}", 1);
    unsubscribes(&ann, "private-a");
    story_is("ask private-a \nann < ack 1 {\"ok\":false,\"status\":0}\ncancel\n");
    subscribes(&ann, "private-a");
    story_is("ask private-a \n");
    disconnect_socket(0);
    story_is("cancel\n");
}

static void
a_refused_channel_can_be_asked_again(void **state)
{
    (void)state;
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"private-a\"}", 5);
    application_answers(0, 403, NULL);
    story_is("ask private-a \nann < subscription_error private-a 403\n"
             "ann < ack 5 {\"ok\":false,\"status\":403}\n");
    subscribes(&ann, "private-a");
    story_is("ask private-a \n");
    application_answers(1, 200, NULL);
    story_is("join private-a\n");
}

static void
limits_refuse_with_status_0(void **state)
{
    (void)state;
    subscribes(&ann, "123456789012345678901");
    story_is("ann < subscription_error 123456789012345678901 0\n");
    subscribes(&ann, "12345678901234567890");
    subscribes(&ann, "private-b");
    subscribes(&ann, "c");
    subscribes(&ann, "d");
    story_is("join 12345678901234567890\nask private-b \njoin c\nann < subscription_error d 0\n");
    unsubscribes(&ann, "c");
    subscribes(&ann, "d");
    story_is("leave c\njoin d\n");
    unsubscribes(&ann, "d");
    next_refusal = AUTH_TOO_MANY_HEADERS;
    buffer_clear(&story);
    subscribes(&ann, "private-e");
    story_is("ann < subscription_error private-e 0\n");
}

static void
no_more_questions_wait_than_channels_are_allowed(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        subscribes(&ann, "private-a");
        subscribes(&ann, "private-b");
        subscribes(&ann, "private-c");
        subscribes(&ann, "private-d");
        story_is("ask private-a \nask private-b \nask private-c \n"
                 "ann < subscription_error private-d 0\n");
        unsubscribes(&ann, "private-a");
        unsubscribes(&ann, "private-b");
        unsubscribes(&ann, "private-c");
        story_is("cancel\ncancel\ncancel\n");
    }
}

static void
disconnect_leaves_every_channel(void **state)
{
    (void)state;
    subscribes(&ann, "a");
    subscribes(&ann, "b");
    subscribes(&bob, "a");
    buffer_clear(&story);
    disconnect_socket(0);
    story_is("leave a\nleave b\n");
}

/* Enough for the subscriptions to be found in another way than by looking at each. */
static void
any_of_many_channels_is_found(void **state)
{
    enum { MANY = 1000, STEP = 7 };
    char name[16], expected[64];

    (void)state;
    limits.channels = MANY;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(name, sizeof(name), "c%d", i);
            (void)snprintf(expected, sizeof(expected), "join %s\n", name);
            subscribes(&ann, name);
            story_is(expected);
            subscribes(&ann, name);
            story_is("");
        }
        subscribes(&ann, "more");
        story_is("ann < subscription_error more 0\n");
        for (int i = 0; i < MANY; i++) {
            (void)snprintf(name, sizeof(name), "c%d", i * STEP % MANY);
            (void)snprintf(expected, sizeof(expected), "leave %s\n", name);
            unsubscribes(&ann, name);
            story_is(expected);
            unsubscribes(&ann, name);
            story_is("");
        }
    }
}

static void
a_client_with_many_channels_goes_at_once(void **state)
{
    char name[32];

    (void)state;
    limits.channels = 100;
    for (unsigned i = 0; i < limits.channels; i++) {
        (void)snprintf(name, sizeof(name), "private-%u", i);
        subscribes(&ann, name);
        application_answers(i, 200, NULL);
    }
    buffer_clear(&story);
    disconnect_socket(0);
    for (unsigned i = 0; i < limits.channels; i++) {
        (void)snprintf(name, sizeof(name), "leave private-%u\n", i);
        assert_true(str_contains(buffer_str(&story), name));
    }
    buffer_clear(&story);
}

/* ---- presence ---- */

#define BODY "{\"channel_data\":{\"user_id\":7,\"user_info\":{\"a\":[]}}}"
#define ENTER                                                                                      \
    "enter presence-a public-ann user 7 "                                                          \
    "{\"user_id\":7,\"user_info\":{\"a\":[]},\"socketId\":\"public-ann\"}\n"

static void
begin_to_enter(int64_t ack)
{
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"presence-a\"}", ack);
    application_admits(ask_count - 1, BODY);
    story_is("ask presence-a \n" ENTER);
}

static void
a_member_is_in_the_room_when_its_list_comes(void **state)
{
    struct bytes *text = bytes_new("42[1]", 5);

    (void)state;
    begin_to_enter(9);
    hub_handlers->on_broadcast(hub_owner, STR_LIT("presence-a"), text, STR_LIT(""));
    hub_answers_all();
    story_is("");
    hub_lists("42[\"presence:subscribed\"]");
    story_is("join presence-a\nann < 42[\"presence:subscribed\"]\n");
    hub_handlers->on_broadcast(hub_owner, STR_LIT("presence-a"), text, STR_LIT(""));
    hub_answers_all();
    story_is("ann < 42[1]\nann < ack 9 {\"ok\":true}\n");
    unsubscribes(&ann, "presence-a");
    story_is("depart presence-a public-ann\nleave presence-a\n");
    bytes_unref(text);
}

static void
leaving_before_the_list_takes_the_entry_back(void **state)
{
    (void)state;
    begin_to_enter(9);
    unsubscribes(&ann, "presence-a");
    story_is("ann < ack 9 {\"ok\":false,\"status\":0}\n"
             "depart presence-a public-ann\n");
    assert_int_equal(forgotten, 1);
    hub_lists("42[]");
    story_is("");
    begin_to_enter(SIO_NO_ACK);
    disconnect_socket(0);
    story_is("depart presence-a public-ann\n");
}

static void
a_second_subscribe_of_a_member_gets_the_list_again(void **state)
{
    (void)state;
    begin_to_enter(SIO_NO_ACK);
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"presence-a\"}", 1);
    story_is("");
    hub_lists("42[1]");
    hub_answers_all();
    story_is("join presence-a\nann < 42[1]\nann < ack 1 {\"ok\":true}\n");
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"presence-a\"}", 2);
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"presence-a\"}", 3);
    story_is("members presence-a\n");
    hub_lists("42[2]");
    hub_answers_all();
    story_is("ann < 42[2]\nann < ack 2 {\"ok\":true}\nann < ack 3 {\"ok\":true}\n");
    subscribes(&ann, "presence-a");
    disconnect_socket(0);
    story_is("members presence-a\ndepart presence-a public-ann\nleave presence-a\n");
}

/* A megabyte counts for 16 s, longer than the test takes. */
static void
a_long_list_does_not_come_again_each_time(void **state)
{
    enum { LONG = 1 << 20 };
    char *list = mem_zalloc(LONG + 1);

    (void)state;
    memset(list, ' ', LONG);
    begin_to_enter(SIO_NO_ACK);
    hub_lists(list);
    subscribes(&ann, "presence-a");
    hub_lists(list);
    buffer_clear(&story);
    for (int64_t ack = 0; ack < 100; ack++) {
        says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"presence-a\"}", ack);
        hub_answers_all();
        assert_true(str_contains(buffer_str(&story), "{\"ok\":true}"));
        assert_false(str_contains(buffer_str(&story), "members"));
        buffer_clear(&story);
    }
    unsubscribes(&ann, "presence-a");
    buffer_clear(&story);
    begin_to_enter(SIO_NO_ACK);
    hub_lists("42[3]");
    story_is("join presence-a\nann < 42[3]\n");
    free(list);
}

static void
without_member_data_events_come_and_nothing_else(void **state)
{
    (void)state;
    subscribes(&ann, "presence-a");
    application_admits(0, "{}");
    story_is("ask presence-a \njoin presence-a\n");
    subscribes(&ann, "presence-a");
    story_is("");
    unsubscribes(&ann, "presence-a");
    story_is("leave presence-a\n");
}

static void
member_data_that_names_nobody_is_refused_with_0(void **state)
{
    static const char *const bodies[] = { "{\"channel_data\":\"no\"}",
        "{\"channel_data\":{\"user_info\":1}}" };

    (void)state;
    for (unsigned i = 0; i < COUNT_OF(bodies); i++) {
        says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"presence-a\"}", 1);
        application_admits(i, bodies[i]);
        story_is("ask presence-a \nann < subscription_error presence-a 0\n"
                 "ann < ack 1 {\"ok\":false,\"status\":0}\n");
    }
}

static void
private_channels_have_no_members(void **state)
{
    (void)state;
    subscribes(&ann, "x-presence-a");
    application_admits(0, BODY);
    story_is("ask x-presence-a \njoin x-presence-a\n");
}

static void
subscriptions_that_come_too_fast_are_refused(void **state)
{
    (void)state;
    limits.subscribe_rate = 2;
    subscribes(&ann, "a");
    subscribes(&ann, "a");
    subscribes(&ann, "b");
    story_is("join a\nann < subscription_error b 0\n");
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"a\"}", 4);
    story_is("ann < ack 4 {\"ok\":false,\"status\":0}\n");
    subscribes(&bob, "b");
    story_is("join b\n");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_public_channel_is_joined_without_asking),
        TEST(the_application_decides_on_private_channels),
        TEST(equal_headers_are_kept_once),
        TEST(headers_of_a_question_outlive_newer_ones),
        TEST(whoever_holds_much_gets_no_more_when_memory_is_short),
        TEST(member_data_is_counted_until_the_member_is_gone),
        TEST(a_marker_anywhere_is_asked_as_it_is),
        TEST(a_second_subscribe_joins_the_pending_one),
        TEST(leaving_while_pending_joins_nothing),
        TEST(a_refused_channel_can_be_asked_again),
        TEST(limits_refuse_with_status_0),
        TEST(no_more_questions_wait_than_channels_are_allowed),
        TEST(disconnect_leaves_every_channel),
        TEST(any_of_many_channels_is_found),
        TEST(a_client_with_many_channels_goes_at_once),
        TEST(a_member_is_in_the_room_when_its_list_comes),
        TEST(leaving_before_the_list_takes_the_entry_back),
        TEST(a_second_subscribe_of_a_member_gets_the_list_again),
        TEST(a_long_list_does_not_come_again_each_time),
        TEST(without_member_data_events_come_and_nothing_else),
        TEST(member_data_that_names_nobody_is_refused_with_0),
        TEST(private_channels_have_no_members),
        TEST(subscriptions_that_come_too_fast_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
