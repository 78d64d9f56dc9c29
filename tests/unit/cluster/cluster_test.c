/* SPDX-License-Identifier: MIT */
/*
 * cluster: whispers, events and counts across nodes on a real Redis.
 */
#include "cluster/cluster.h"

#include "nodes.h"

static void
join(int node, const char *channel)
{
    struct bytes *name = bytes_new(channel, strlen(channel));

    hub_link_join(nodes[node].link, name);
    bytes_unref(name);
}

static void
whisper(int node, const char *channel, const char *text, const char *sender)
{
    struct bytes *b = bytes_new(text, strlen(text));

    hub_link_whisper(nodes[node].link, str_of(channel), b, str_of(sender));
    bytes_unref(b);
}

static void
a_whisper_crosses_and_names_its_sender(void **state)
{
    (void)state;
    join(0, "private-a");
    join(1, "private-a");
    run_for(50);
    whisper(0, "private-a", "42[\"client-x\",\"private-a\",{\"n\":1.0}]", "sender");
    UNTIL(1000, said(1, "client-x"));
    run_for(50);
    story_is(0, "42[\"client-x\",\"private-a\",{\"n\":1.0}]\n  but sender\n");
    story_is(1, "42[\"client-x\",\"private-a\",{\"n\":1.0}]\n  but sender\n");
}

static void
on_answer(void *owner, uint32_t token)
{
    (void)token;
    (*(unsigned *)owner)++;
}

static void
an_event_of_the_api_reaches_every_node(void **state)
{
    const struct str channels[] = { STR_LIT("news"), STR_LIT("orders") };
    const struct hub_event e = { channels, 2, STR_LIT("e"), STR_LIT("[]"), STR_LIT("me") };
    unsigned answers = 0;

    (void)state;
    join(1, "news");
    run_for(50);
    (void)hub_link_publish(nodes[0].link, &e, on_answer, &answers);
    UNTIL(1000, answers == 1 && said(1, "news"));
    story_is(1, "42[\"e\",\"news\",[]]\n  but me\n");
    story_is(0, "");
}

static void
redis_events_come_once_and_own_names_never(void **state)
{
    (void)state;
    join(0, "news");
    join(1, "news");
    join(1, "echo-server:relay");
    run_for(50);
    redis_cli("publish p_news '{\"event\":\"e\",\"data\":1,\"socket\":\"me\"}'");
    redis_cli("publish p_echo-server:relay '{\"event\":\"e\",\"data\":1}'");
    run_for(100);
    story_is(0, "42[\"e\",\"news\",1]\n  but me\n");
    story_is(1, "42[\"e\",\"news\",1]\n  but me\n");
}

static void
what_is_damaged_reaches_nobody(void **state)
{
    static const char *const payloads[] = { "'1:2'", "''", "'1:11:x5:event4:news0:'",
        "'1:11:x5:event4:news0:5:42[1'", "'1:11:x5:event4:news0:5:43[1]'", "'1:11:x6:answer'",
        "'1:11:x3:ask'", "'1:11:x6:dances'" };

    (void)state;
    join(0, "news");
    run_for(50);
    for (size_t i = 0; i < sizeof(payloads) / sizeof(*payloads); i++) {
        char line[256];

        snprintf(line, sizeof(line), "publish p_echo-server:relay %s", payloads[i]);
        redis_cli(line);
    }
    run_for(100);
    story_is(0, "");
}

static int
publishes(void)
{
    const char *calls = strstr(redis_cli("info commandstats"), "cmdstat_publish:calls=");

    return calls ? (int)strtol(calls + strlen("cmdstat_publish:calls="), NULL, 10) : 0;
}

static void
a_single_node_relays_nothing(void **state)
{
    (void)state;
    node_stop(1);
    run_for(LEASE_MS);
    join(0, "private-a");
    run_for(20);
    redis_cli("config resetstat");
    for (int i = 0; i < 50; i++)
        whisper(0, "private-a", "42[\"client-x\",\"private-a\",1]", "s");
    run_for(100);
    assert_true(said(0, "client-x"));
    assert_true(publishes() <= 1); /* the subscription's proof of life */
    node_start(1);
    run_for(100);
    join(1, "private-a");
    run_for(20);
    whisper(0, "private-a", "42[\"client-y\",\"private-a\",1]", "s");
    UNTIL(1000, said(1, "client-y"));
}

/* ---- counts ---- */

static struct buffer json;

static void
on_json(void *owner, uint32_t token, struct bytes *text)
{
    (void)owner;
    (void)token;
    buffer_clear(&json);
    buffer_append_str(&json, bytes_str(text));
}

static void
answer_is(int node, struct hub_question q, const char *expected)
{
    buffer_clear(&json);
    (void)hub_link_ask(nodes[node].link, &q, on_json, NULL);
    UNTIL(2500, json.len > 0);
    if (!str_is(buffer_str(&json), expected))
        fail_msg("%.*s, expected %s", STR_ARG(buffer_str(&json)), expected);
}

#define ASK(KIND, text, scope)                                                                     \
    (struct hub_question)                                                                          \
    {                                                                                              \
        .kind = HUB_QUERY_##KIND, .name = STR_LIT(text), .cluster = scope                          \
    }

static void
counts_are_of_the_node_or_of_the_cluster(void **state)
{
    (void)state;
    hub_link_sockets(nodes[0].link, 3);
    hub_link_sockets(nodes[1].link, 5);
    hub_link_sockets(nodes[1].link, -1);
    join(0, "news");
    join(1, "news");
    join(1, "orders");
    run_for(20);
    answer_is(0, ASK(STATUS, "", false), "\"subscription_count\":3");
    answer_is(0, ASK(STATUS, "", true), "\"subscription_count\":7");
    answer_is(0, ASK(CHANNELS, "", false),
        "\"channels\":{\"news\":{\"subscription_count\":1,\"occupied\":true}}");
    answer_is(0, ASK(CHANNELS, "ord", true),
        "\"channels\":{\"orders\":{\"subscription_count\":1,\"occupied\":true}}");
    answer_is(1, ASK(CHANNEL, "news", true), "\"subscription_count\":2,\"occupied\":true");
    answer_is(1, ASK(CHANNEL, "none", false), "\"subscription_count\":0,\"occupied\":false");
    answer_is(1, ASK(HEALTH, "", false), "\"redis\":\"connected\"");
}

static void
users_are_those_of_all_nodes(void **state)
{
    (void)state;
    enter(0, 1, 4);
    enter(0, 2, 5);
    enter(0, 3, 4);
    UNTIL(1000, nodes[0].lists == 3);
    answer_is(1, ASK(USERS, "presence-x", false),
        "\"users\":[{\"id\":4,\"user_info\":[]},{\"id\":5,\"user_info\":[]}]");
    answer_is(0, ASK(CHANNEL, "presence-x", false),
        "\"subscription_count\":0,\"occupied\":false,\"user_count\":2");
    answer_is(1, ASK(USERS, "presence-none", false), "\"users\":[]");
}

static void
a_node_that_does_not_answer_is_not_waited_for(void **state)
{
    (void)state;
    join(0, "news");
    nodes[1].running = false;
    answer_is(0, ASK(CHANNEL, "news", true), "\"subscription_count\":1,\"occupied\":true");
    redis_stop();
    run_for(50);
    answer_is(0, ASK(HEALTH, "", false), "\"redis\":\"disconnected\"");
    answer_is(0, ASK(CHANNEL, "news", true), "\"subscription_count\":1,\"occupied\":true");
    redis_start();
    buffer_fini(&json);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_whisper_crosses_and_names_its_sender),
        TEST(an_event_of_the_api_reaches_every_node),
        TEST(redis_events_come_once_and_own_names_never),
        TEST(what_is_damaged_reaches_nobody),
        TEST(a_single_node_relays_nothing),
        TEST(counts_are_of_the_node_or_of_the_cluster),
        TEST(users_are_those_of_all_nodes),
        TEST(a_node_that_does_not_answer_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
