/* SPDX-License-Identifier: MIT */
/*
 * subscription: members of presence channels, and their list.
 */
#include "subscription.h"

#include "base/budget.h"
#include "scene.h"

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

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_member_is_in_the_room_when_its_list_comes),
        TEST(leaving_before_the_list_takes_the_entry_back),
        TEST(a_second_subscribe_of_a_member_gets_the_list_again),
        TEST(a_long_list_does_not_come_again_each_time),
        TEST(without_member_data_events_come_and_nothing_else),
        TEST(member_data_that_names_nobody_is_refused_with_0),
        TEST(private_channels_have_no_members),
        TEST(member_data_is_counted_until_the_member_is_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
