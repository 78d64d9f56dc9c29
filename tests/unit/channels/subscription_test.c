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

static void
subscriptions_that_come_too_fast_are_refused(void **state)
{
    (void)state;
    limits.subscribe_rate.per_s = 2;
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
        TEST(a_marker_anywhere_is_asked_as_it_is),
        TEST(a_second_subscribe_joins_the_pending_one),
        TEST(leaving_while_pending_joins_nothing),
        TEST(a_refused_channel_can_be_asked_again),
        TEST(limits_refuse_with_status_0),
        TEST(no_more_questions_wait_than_channels_are_allowed),
        TEST(disconnect_leaves_every_channel),
        TEST(any_of_many_channels_is_found),
        TEST(a_client_with_many_channels_goes_at_once),
        TEST(subscriptions_that_come_too_fast_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
