/* SPDX-License-Identifier: MIT */
/*
 * presence_redis: two and three nodes on a real Redis.
 */
#include "presence_redis.h"

#include "base/attr.h"
#include "base/text.h"
#include "nodes.h"
#include "scripts.h"

/* Whether Redis has nothing but what is expected: "" for nothing at all. */
static bool
keys_are(const char *expected)
{
    return strcmp(redis_cli("keys '*' | sort | tr '\\n' ' '"), expected) == 0;
}

static void
joining_and_leaving_once_across_nodes(void **state)
{
    (void)state;
    enter(0, 1, 4);
    UNTIL(1000, nodes[0].lists == 1);
    story_is(0, LIST(M(4, 1)));
    enter(1, 2, 5);
    UNTIL(1000, nodes[1].lists == 1 && nodes[0].joinings == 1);
    story_is(0, JOINING(5, 2));
    story_is(1, LIST(M(5, 2) "," M(4, 1)));
    enter(1, 3, 4);
    UNTIL(1000, nodes[1].lists == 2);
    story_is(1, LIST(M(4, 3) "," M(5, 2)));
    depart(0, 1);
    enter(0, 4, 6);
    UNTIL(1000, nodes[0].lists == 2 && nodes[1].joinings == 1);
    story_is(0, LIST(M(6, 4) "," M(4, 3) "," M(5, 2)));
    story_is(1, JOINING(6, 4));
    depart(1, 3);
    UNTIL(1000, nodes[0].leavings == 1 && nodes[1].leavings == 1);
    story_is(0, LEAVING(4));
    story_is(1, LEAVING(4));
}

static void
the_members_key_follows_and_goes_with_the_last(void **state)
{
    (void)state;
    enter(0, 1, 4);
    enter(1, 2, 5);
    UNTIL(1500, strstr(redis_cli("get p_presence-x:members"), "s2"));
    assert_non_null(strstr(redis_cli("get p_presence-x:members"), "[{"));
    assert_non_null(strstr(redis_cli("get p_presence-x:members"), "s1"));
    depart(0, 1);
    UNTIL(1500, strcmp(redis_cli("get p_presence-x:members"), "[" M(5, 2) "]") == 0);
    depart(1, 2);
    UNTIL(1500, keys_are("p_echo-server:nodes "));
}

static void
nothing_is_left_once_all_stopped(void **state)
{
    (void)state;
    enter(0, 1, 4);
    enter(1, 2, 5);
    UNTIL(1000, nodes[0].joinings == 1 && nodes[1].lists == 1);
    node_stop(0);
    node_stop(1);
    assert_string_equal(redis_cli("keys '*'"), "");
}

/* No time between the two words: what is said last must reach Redis all the same. */
static void
a_stop_without_a_word_before_leaves_nothing_either(void **state)
{
    (void)state;
    enter(0, 1, 4);
    enter(1, 2, 5);
    UNTIL(1000, nodes[0].joinings == 1 && nodes[1].lists == 1);
    node_end(0);
    node_end(1);
    assert_string_equal(redis_cli("keys '*'"), "");
}

static void
two_that_stop_at_once_leave_nothing_either(void **state)
{
    (void)state;
    enter(0, 1, 4);
    enter(1, 2, 5);
    UNTIL(1000, nodes[0].joinings == 1 && nodes[1].lists == 1);
    hub_retire(nodes[0].hub);
    hub_retire(nodes[1].hub);
    node_stop(0);
    node_stop(1);
    assert_string_equal(redis_cli("keys '*'"), "");
}

static void
a_dead_node_s_members_leave_once(void **state)
{
    (void)state;
    node_start(2);
    for (int i = 0; i < 30; i++)
        enter(0, i, 100 + i);
    enter(1, 50, 1);
    enter(2, 60, 2);
    enter(2, 61, 100);
    UNTIL(2000, nodes[0].joinings + nodes[0].lists >= 32 && nodes[1].lists && nodes[2].lists == 2);
    run_for(200);
    forget();
    nodes[0].running = false;
    UNTIL(LEASE_MS * 15 / 9, nodes[1].leavings == 29 && nodes[2].leavings == 29);
    run_for(1000);
    assert_int_equal(nodes[1].leavings, 29); /* one of them is on node 2 as well */
    assert_int_equal(nodes[2].leavings, 29);
    assert_string_equal(redis_cli("hlen {p_presence-x:members}:entries"), "3");
    assert_string_equal(redis_cli("zcard p_echo-server:nodes"), "2");
    assert_null(strstr(redis_cli("get p_presence-x:members"), "\"s7\""));
}

static void
a_node_that_was_cut_off_puts_its_members_back(void **state)
{
    (void)state;
    enter(0, 1, 4);
    enter(0, 2, 5);
    enter(1, 3, 6);
    UNTIL(1000, nodes[0].lists == 2 && nodes[1].lists == 1);
    run_for(100);
    forget();
    nodes[0].running = false;
    UNTIL(5000, nodes[1].leavings == 2);
    nodes[0].running = true;
    UNTIL(5000, nodes[1].joinings == 2);
    run_for(1500);
    assert_int_equal(nodes[0].leavings, 0);
    assert_int_equal(nodes[1].leavings, 2);
    assert_int_equal(nodes[1].joinings, 2);
    assert_string_equal(redis_cli("zcard p_echo-server:nodes"), "2");
    depart(0, 1);
    depart(0, 2);
    depart(1, 3);
    UNTIL(2000, keys_are("p_echo-server:nodes "));
}

static void
redis_flushed_is_complete_again(void **state)
{
    (void)state;
    enter(0, 1, 4);
    enter(0, 2, 5);
    enter(1, 3, 6);
    UNTIL(1000, nodes[0].lists == 2 && nodes[1].lists == 1);
    run_for(100);
    forget();
    redis_cli("flushall");
    UNTIL(3000, strcmp(redis_cli("hlen {p_presence-x:members}:entries"), "3") == 0);
    run_for(LEASE_MS * 2);
    assert_int_equal(nodes[0].leavings + nodes[1].leavings, 0);
    assert_int_equal(nodes[0].joinings + nodes[1].joinings, 0);
    depart(0, 1);
    depart(0, 2);
    UNTIL(2000, nodes[1].leavings == 2);
    depart(1, 3);
    UNTIL(2000, keys_are("p_echo-server:nodes "));
}

static void
redis_restarted_empty_is_complete_again(void **state)
{
    (void)state;
    enter(0, 1, 4);
    enter(0, 2, 5);
    enter(1, 3, 6);
    UNTIL(1000, nodes[0].lists == 2 && nodes[1].lists == 1);
    run_for(100);
    forget();
    redis_stop();
    run_for(1000);
    enter(0, 9, 7);
    depart(0, 2);
    UNTIL(500, nodes[0].lists == 1 && nodes[0].leavings == 1);
    redis_start();
    UNTIL(5000, strcmp(redis_cli("hlen {p_presence-x:members}:entries"), "3") == 0);
    UNTIL(5000, nodes[1].joinings == 1 && nodes[1].leavings == 1);
    run_for(LEASE_MS);
    assert_int_equal(nodes[0].leavings, 1);
    assert_int_equal(nodes[1].leavings, 1);
    assert_true(said(1, LEAVING(5)));
    assert_true(said(1, JOINING(7, 9)));
    assert_int_equal(nodes[0].joinings, 1);
}

static void
users_back_after_an_orderly_stop_never_left(void **state)
{
    (void)state;
    for (int i = 0; i < 20; i++)
        enter(0, i, 100 + i);
    enter(1, 50, 1);
    UNTIL(2000, nodes[0].lists == 20 && nodes[1].lists == 1);
    run_for(100);
    forget();
    node_stop(0);
    run_for(100);
    assert_int_equal(nodes[1].leavings, 0);
    node_start(0);
    for (int i = 0; i < 19; i++)
        enter(0, 200 + i, 100 + i);
    UNTIL(3000, nodes[0].lists == 19);
    UNTIL(12000, nodes[1].leavings == 1);
    run_for(500);
    assert_int_equal(nodes[1].leavings, 1);
    assert_int_equal(nodes[1].joinings, 0);
    assert_int_equal(nodes[0].leavings, 1);
    assert_string_equal(redis_cli("hlen {p_presence-x:members}:entries"), "20");
    assert_string_equal(redis_cli("zcard p_echo-server:nodes"), "2");
}

/* An entry that came without its change being heard. */
static void
a_version_that_was_missed_is_made_up_for(void **state)
{
    (void)state;
    enter(0, 1, 4);
    UNTIL(1000, nodes[0].lists == 1);
    run_for(50);
    forget();
    redis_cli("incr {p_presence-x:members}:version");
    redis_cli("hset {p_presence-x:members}:entries other/1 "
              "'16:99999999999999991:815:{\"user_id\":\"8\"}'");
    run_for(50);
    assert_int_equal(nodes[0].joinings, 0);
    enter(1, 2, 5);
    UNTIL(1000, nodes[0].joinings == 2 && nodes[1].lists == 1);
    assert_true(said(0, "[\"presence:joining\",\"presence-x\",{\"user_id\":\"8\"}]"));
    assert_true(said(0, JOINING(5, 2)));
}

static void
damaged_changes_change_nothing(void **state)
{
    static const char *const payloads[] = { "''", "x", "'1:2'", "'1:11:51:01:+1:c1:u3:[1]'",
        "'1:199999999999999999999:9'", "'1:11:51:01:*1:c'" };

    (void)state;
    enter(0, 1, 4);
    UNTIL(1000, nodes[0].lists == 1);
    forget();
    for (size_t i = 0; i < COUNT_OF(payloads); i++) {
        char line[256];

        snprintf(line, sizeof(line), "publish p_echo-server:presence:presence-x %s", payloads[i]);
        redis_cli(line);
    }
    run_for(100);
    story_is(0, "");
}

enum { SOCKETS = 24, USERS = 8 };

/* All that both nodes were told has come to both: what each is told last, a new user who stays,
 * comes behind it. */
static void
await_all(int round)
{
    char first[32], second[32];

    enter(0, 1000 + round, 1000 + round);
    enter(1, 2000 + round, 2000 + round);
    snprintf(first, sizeof(first), "\"socketId\":\"s%d\"", 1000 + round);
    snprintf(second, sizeof(second), "\"socketId\":\"s%d\"", 2000 + round);
    UNTIL(1000, said(0, first) && said(0, second) && said(1, first) && said(1, second));
}

/* Random comings and goings on two nodes; the same user on both; a list and the events behind it
 * must give the truth. */
static void
lists_and_events_equal_the_truth(void **state)
{
    int user_of[SOCKETS], count[USERS] = { 0 };
    uint64_t seed = text_seed();
    char expected[64];

    (void)state;
    for (int s = 0; s < SOCKETS; s++)
        user_of[s] = -1;
    enter(0, 900, 90);
    enter(1, 901, 91);
    UNTIL(1000, nodes[0].joinings == 1 && nodes[1].lists == 1);
    forget();
    for (int round = 0; round < 60; round++) {
        int s, users = 2 * (round + 1);

        for (int step = 0; step < 20; step++) {
            s = (int)(text_random(&seed) % SOCKETS);
            if (user_of[s] < 0) {
                user_of[s] = (int)(text_random(&seed) % USERS);
                count[user_of[s]]++;
                enter(s % 2, s, user_of[s]);
            } else {
                count[user_of[s]]--;
                user_of[s] = -1;
                depart(s % 2, s);
            }
            if (text_random(&seed) % 3 == 0)
                turn();
        }
        for (int u = 0; u < USERS; u++)
            users += count[u] > 0;
        await_all(round);
        assert_int_equal(nodes[0].joinings - nodes[0].leavings, users);
        assert_int_equal(nodes[1].joinings - nodes[1].leavings, users);
        assert_int_equal(nodes[0].joinings, nodes[1].joinings);
    }
    ask_lists();
    for (int u = 0; u < USERS; u++) {
        snprintf(expected, sizeof(expected), "\"user_id\":%d,", u);
        assert_int_equal(said(0, expected), count[u] > 0);
        assert_int_equal(said(1, expected), count[u] > 0);
    }
    assert_true(str_equal(buffer_str(&nodes[0].story), buffer_str(&nodes[1].story)));
}

static void
without_redis_a_node_goes_by_what_it_knows(void **state)
{
    (void)state;
    redis_stop();
    run_for(100);
    enter(0, 1, 4);
    enter(0, 2, 5);
    UNTIL(300, nodes[0].lists == 2);
    story_is(0, LIST(M(4, 1)) JOINING(5, 2) LIST(M(5, 2) "," M(4, 1)));
    depart(0, 2);
    UNTIL(300, nodes[0].leavings == 1);
    forget();
    enter(1, 3, 6);
    redis_start();
    UNTIL(5000, nodes[0].joinings == 1 && nodes[1].joinings == 1);
    story_is(0, JOINING(6, 3));
    assert_true(said(1, JOINING(4, 1)));
}

/* Nobody tells Redis at that moment; the node's set of channels does later. */
static void
departures_while_redis_is_away_leave_nothing(void **state)
{
    (void)state;
    enter(0, 1, 4);
    enter(1, 2, 5);
    enter(1, 3, 6);
    UNTIL(1000, nodes[0].joinings == 2 && nodes[1].lists == 2);
    run_for(100);
    forget();
    redis_cli("client kill type normal");
    redis_cli("client kill type pubsub");
    run_for(20);
    depart(0, 1);
    depart(1, 2);
    UNTIL(5000, strcmp(redis_cli("hlen {p_presence-x:members}:entries"), "1") == 0);
    run_for(3000);
    assert_int_equal(nodes[1].leavings, 2);
    depart(1, 3);
    UNTIL(2000, keys_are("p_echo-server:nodes "));
}

static void
many_members_and_little_to_say(void **state)
{
    uint64_t began = clock_ms();

    (void)state;
    for (int i = 0; i < 2000; i++) {
        enter(i % 2, i, 1000 + i);
        if (i % 20 == 0)
            turn();
    }
    UNTIL(30000, nodes[0].lists + nodes[1].lists == 2000);
    UNTIL(3000, strlen(redis_cli("get p_presence-x:members")) == 65535 ||
                    strstr(redis_cli("strlen p_presence-x:members"), "11"));
    print_message("2000 members: %d ms\n", (int)(clock_ms() - began));
    for (int i = 0; i < 2000; i++)
        depart(i % 2, i);
    UNTIL(10000, keys_are("p_echo-server:nodes "));
}

static void
scripts_that_redis_forgot_are_loaded_again(void **state)
{
    (void)state;
    enter(0, 1, 4);
    UNTIL(1000, nodes[0].lists == 1);
    redis_cli("script flush");
    enter(1, 2, 5);
    UNTIL(1000, nodes[1].lists == 1 && nodes[0].joinings == 1);
    redis_cli("script flush");
    depart(0, 1);
    UNTIL(1000, nodes[1].leavings == 1);
    UNTIL(1000, strcmp(redis_cli("hlen {p_presence-x:members}:entries"), "1") == 0);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(joining_and_leaving_once_across_nodes),
        TEST(the_members_key_follows_and_goes_with_the_last),
        TEST(nothing_is_left_once_all_stopped),
        TEST(a_stop_without_a_word_before_leaves_nothing_either),
        TEST(two_that_stop_at_once_leave_nothing_either),
        TEST(a_dead_node_s_members_leave_once),
        TEST(a_node_that_was_cut_off_puts_its_members_back),
        TEST(redis_flushed_is_complete_again),
        TEST(redis_restarted_empty_is_complete_again),
        TEST(users_back_after_an_orderly_stop_never_left),
        TEST(a_version_that_was_missed_is_made_up_for),
        TEST(damaged_changes_change_nothing),
        TEST(lists_and_events_equal_the_truth),
        TEST(without_redis_a_node_goes_by_what_it_knows),
        TEST(departures_while_redis_is_away_leave_nothing),
        TEST(many_members_and_little_to_say),
        TEST(scripts_that_redis_forgot_are_loaded_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
