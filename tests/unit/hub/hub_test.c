/* SPDX-License-Identifier: MIT */
/*
 * hub: events from Redis and from workers reach the workers with listeners.
 */
#include "hub/hub.h"

#include "threads.h"

static void
an_event_reaches_the_workers_with_listeners(void **state)
{
    (void)state;
    on_thread(&workers[0].thread, join_news, &workers[0]);
    on_thread(&workers[2].thread, join_news, &workers[2]);
    settle();
    redis_says("p:news", "{\"event\":\"App\\\\Events\\\\X\",\"data\":{\"a\":1.0},\"socket\":null}");
    settle();
    assert_int_equal(workers[0].broadcasts, 1);
    assert_int_equal(workers[1].broadcasts, 0);
    assert_int_equal(workers[2].broadcasts, 1);
    assert_string_equal(workers[0].channel, "news");
    assert_string_equal(workers[0].text, "42[\"App\\\\Events\\\\X\",\"news\",{\"a\":1.0}]");
    assert_string_equal(workers[2].except, "");
}

static void
the_sender_of_an_event_is_named_to_every_worker(void **state)
{
    (void)state;
    on_thread(&workers[1].thread, join_news, &workers[1]);
    settle();
    redis_says("p:news", "{\"event\":\"e\",\"data\":1,\"socket\":\"abc\\u002d1\"}");
    settle();
    assert_string_equal(workers[1].except, "abc-1");
}

static void
after_the_last_leave_nothing_comes(void **state)
{
    (void)state;
    on_thread(&workers[0].thread, join_news, &workers[0]);
    on_thread(&workers[0].thread, join_news, &workers[0]);
    on_thread(&workers[0].thread, leave_news, &workers[0]);
    settle();
    redis_says("p:news", "{\"event\":\"e\",\"data\":1}");
    settle();
    assert_int_equal(workers[0].broadcasts, 1);
    on_thread(&workers[0].thread, leave_news, &workers[0]);
    settle();
    redis_says("p:news", "{\"event\":\"e\",\"data\":1}");
    settle();
    assert_int_equal(workers[0].broadcasts, 1);
}

static void
foreign_traffic_is_ignored(void **state)
{
    (void)state;
    on_thread(&workers[0].thread, join_news, &workers[0]);
    settle();
    redis_says("p:news", "not json");
    redis_says("p:news", "[1]");
    redis_says("p:news", "{\"data\":1}");
    redis_says("p:other", "{\"event\":\"e\",\"data\":1}");
    redis_says("p:", "");
    settle();
    assert_int_equal(workers[0].broadcasts, 0);
}

static void
a_sync_is_answered_behind_the_join(void **state)
{
    (void)state;
    on_thread(&workers[1].thread, join_and_sync, &workers[1]);
    settle();
    assert_int_equal(workers[1].answers, 1);
    assert_int_equal(workers[0].answers, 0);
}

static void
sync_and_forget(void *arg)
{
    struct worker *w = arg;

    hub_link_forget(w->link, hub_link_sync(w->link, on_answer, w));
    hub_link_forget(w->link, 12345);
}

static void
a_forgotten_question_is_not_answered(void **state)
{
    (void)state;
    on_thread(&workers[1].thread, sync_and_forget, &workers[1]);
    settle();
    assert_int_equal(workers[1].answers, 0);
}

static void
an_event_of_the_api_reaches_all_and_is_answered(void **state)
{
    (void)state;
    on_thread(&workers[2].thread, join_news, &workers[2]);
    settle();
    on_thread(&workers[0].thread, publish_two, &workers[0]);
    settle();
    assert_int_equal(workers[0].answers, 1);
    assert_int_equal(workers[2].broadcasts, 1);
    assert_string_equal(workers[2].text, "42[\"say \\\"x\\\"\",\"news\",{\"n\":[]}]");
    assert_string_equal(workers[2].except, "me");
}

static void
publish_runs(void *arg)
{
    struct worker *w = arg;
    const struct str channels[] = { STR_LIT("news"), STR_LIT("news"), STR_LIT("nobody"),
        STR_LIT("news"), STR_LIT("other"), STR_LIT("news") };
    const struct hub_event e = {
        .channels = channels,
        .channel_count = COUNT_OF(channels),
        .name = STR_LIT("\"e\""),
        .data = STR_LIT("1"),
    };

    hub_link_publish(w->link, &e, on_answer, w);
}

static void
join_other(void *arg)
{
    struct worker *w = arg;
    struct bytes *name = bytes_new("other", 5);

    hub_link_join(w->link, name);
    bytes_unref(name);
}

/* Three, one elsewhere, one: the order of all channels together is kept. */
static void
events_of_one_channel_in_a_row_travel_as_one(void **state)
{
    (void)state;
    on_thread(&workers[2].thread, join_news, &workers[2]);
    on_thread(&workers[2].thread, join_other, &workers[2]);
    settle();
    on_thread(&workers[0].thread, publish_runs, &workers[0]);
    settle();
    assert_int_equal(workers[2].broadcasts, 5);
    assert_int_equal(workers[2].deliveries, 3);
    assert_string_equal(workers[2].channel, "news");
}

static void
whisper_news(void *arg)
{
    struct worker *w = arg;
    struct bytes *text = bytes_new("42[\"client-x\",\"news\",1]", 23);

    hub_link_whisper(w->link, STR_LIT("news"), text, STR_LIT("sender"));
    bytes_unref(text);
}

static void
a_whisper_goes_to_every_worker_its_own_included(void **state)
{
    (void)state;
    on_thread(&workers[0].thread, join_news, &workers[0]);
    on_thread(&workers[1].thread, join_news, &workers[1]);
    settle();
    on_thread(&workers[0].thread, whisper_news, &workers[0]);
    settle();
    assert_int_equal(workers[0].broadcasts, 1);
    assert_int_equal(workers[1].broadcasts, 1);
    assert_string_equal(workers[1].except, "sender");
}

static void
on_list(void *owner, uint32_t token, struct bytes *text)
{
    struct worker *w = owner;

    w->answers++;
    w->last_token = token;
    copy(w->text, sizeof(w->text), bytes_str(text));
}

static void
enter_room(void *arg)
{
    struct worker *w = arg;
    const struct presence_member m = {
        .channel = STR_LIT("presence-r"),
        .id = STR_LIT("me"),
        .user = STR_LIT("7"),
        .data = STR_LIT("{\"user_id\":7,\"socketId\":\"me\"}"),
    };

    (void)hub_link_enter(w->link, &m, on_list, w);
}

static void
leave_room(void *arg)
{
    hub_link_depart(((struct worker *)arg)->link, STR_LIT("presence-r"), STR_LIT("me"));
}

static void
whisper_room(void *arg)
{
    struct bytes *text = bytes_new("42[1]", 5);

    hub_link_whisper(((struct worker *)arg)->link, STR_LIT("presence-r"), text, STR_LIT("x"));
    bytes_unref(text);
}

/* Before its worker told of the join: the list made it a listener. */
static void
a_member_hears_from_its_list_to_its_departure(void **state)
{
    (void)state;
    on_thread(&workers[1].thread, enter_room, &workers[1]);
    settle();
    assert_int_equal(workers[1].answers, 1);
    assert_int_equal(workers[1].broadcasts, 0);
    assert_string_equal(workers[1].text,
        "42[\"presence:subscribed\",\"presence-r\",[{\"user_id\":7,\"socketId\":\"me\"}]]");
    on_thread(&workers[0].thread, whisper_room, &workers[0]);
    settle();
    assert_int_equal(workers[1].broadcasts, 1);
    on_thread(&workers[1].thread, leave_room, &workers[1]);
    on_thread(&workers[0].thread, whisper_room, &workers[0]);
    settle();
    assert_int_equal(workers[1].broadcasts, 1);
}

static void
ask_channel(void *arg)
{
    struct worker *w = arg;
    const struct hub_question q = { .kind = HUB_QUERY_CHANNEL, .name = STR_LIT("presence-r") };

    (void)hub_link_ask(w->link, &q, on_list, w);
}

static void
held_listeners_are_no_subscriptions(void **state)
{
    (void)state;
    on_thread(&workers[1].thread, enter_room, &workers[1]);
    on_thread(&workers[0].thread, ask_channel, &workers[0]);
    settle();
    assert_string_equal(
        workers[0].text, "\"subscription_count\":0,\"occupied\":false,\"user_count\":1");
}

int
main(void)
{
#define TEST(name, open) cmocka_unit_test_setup_teardown(name, open, teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_event_reaches_the_workers_with_listeners, setup),
        TEST(the_sender_of_an_event_is_named_to_every_worker, setup),
        TEST(after_the_last_leave_nothing_comes, setup),
        TEST(foreign_traffic_is_ignored, setup),
        TEST(a_sync_is_answered_behind_the_join, setup),
        TEST(a_forgotten_question_is_not_answered, setup),
        TEST(an_event_of_the_api_reaches_all_and_is_answered, setup),
        TEST(events_of_one_channel_in_a_row_travel_as_one, setup),
        TEST(a_whisper_goes_to_every_worker_its_own_included, setup),
        TEST(a_member_hears_from_its_list_to_its_departure, setup),
        TEST(held_listeners_are_no_subscriptions, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
