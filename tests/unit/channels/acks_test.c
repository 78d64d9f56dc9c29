/* SPDX-License-Identifier: MIT */
/*
 * acks: the answer comes when it is true on the whole node.
 */
#include "acks.h"

#include "scene.h"

static void
an_ack_waits_until_the_hub_knows(void **state)
{
    (void)state;
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"news\"}", 3);
    story_is("join news\n");
    hub_answers_all();
    story_is("ann < ack 3 {\"ok\":true}\n");
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"news\"}", 4);
    hub_answers_all();
    story_is("ann < ack 4 {\"ok\":true}\n");
    says_with_ack(&ann, "\"unsubscribe\"", "{\"channel\":\"news\"}", 5);
    hub_answers_all();
    story_is("leave news\nann < ack 5 {\"ok\":true}\n");
}

static void
acks_of_a_client_that_is_gone_are_forgotten(void **state)
{
    (void)state;
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"news\"}", 3);
    disconnect_socket(0);
    assert_int_equal(forgotten, 1);
    buffer_clear(&story);
    hub_answers_all();
    story_is("");
}

static void
acks_that_wait_are_bounded(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"private-a\"}", i);
    story_is("ask private-a \n");
    says_with_ack(&ann, "\"subscribe\"", "{\"channel\":\"private-a\"}", 1000);
    story_is("ann < ack 1000 {\"ok\":false,\"status\":0}\n");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_ack_waits_until_the_hub_knows),
        TEST(acks_of_a_client_that_is_gone_are_forgotten),
        TEST(acks_that_wait_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
