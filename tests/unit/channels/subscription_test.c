/* SPDX-License-Identifier: MIT */
/*
 * subscription: who joins what, and when.
 */
#include "subscription.h"

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

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_public_channel_is_joined_without_asking),
        TEST(the_application_decides_on_private_channels),
        TEST(a_marker_anywhere_is_asked_as_it_is),
        TEST(a_second_subscribe_joins_the_pending_one),
        TEST(leaving_while_pending_joins_nothing),
        TEST(a_refused_channel_can_be_asked_again),
        TEST(limits_refuse_with_status_0),
        TEST(disconnect_leaves_every_channel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
