/* SPDX-License-Identifier: MIT */
/*
 * adrift: which sessions end when too many are without a connection, and which never do.
 */
#include "dialogue.h"
#include "eio_session_priv.h"

enum { LIMIT = 2, FLOOD = 10 };

#define UNKNOWN_SID "{\"code\":1,\"message\":\"Session ID unknown\"}"

static int
begin_small(void **state)
{
    server_begin(state);
    ((struct server *)*state)->limits.adrift = LIMIT;
    return 0;
}

/* Handshakes of a client that never comes back. */
static void
flood(struct server *v)
{
    struct client c = dial(v);

    for (int i = 0; i < FLOOD; i++)
        open_polling(&c, i % 2 ? 3 : 4);
    hang_up(&c);
}

static void
expect_alive(struct server *v, unsigned version, const char *query)
{
    struct client c = dial(v);

    say_post(&c, version, query, version == 4 ? "6" : "1:6");
    expect_answer(&c, 200, "ok");
    hang_up(&c);
}

static void
expect_gone(struct server *v, unsigned version, const char *query)
{
    struct client c = dial(v);

    say_post(&c, version, query, "6");
    expect_answer(&c, 400, UNKNOWN_SID);
    hang_up(&c);
}

static void
the_oldest_ends_and_the_newest_is_taken(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);
    struct sid_query first = open_polling(&c, 3), second = open_polling(&c, 4);

    assert_int_equal(v->closed, 0);
    struct sid_query third = open_polling(&c, 4);
    assert_int_equal(v->closed, 1);
    assert_int_equal(v->why, EIO_END_EVICTED);
    expect_gone(v, 3, first.text);
    expect_alive(v, 4, second.text);
    expect_alive(v, 4, third.text);
    hang_up(&c);
}

static void
each_request_makes_a_session_the_newest(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);
    struct sid_query first = open_polling(&c, 4), second = open_polling(&c, 4);

    expect_alive(v, 4, first.text);
    struct sid_query third = open_polling(&c, 4);
    expect_gone(v, 4, second.text);
    expect_alive(v, 4, first.text);
    expect_alive(v, 4, third.text);
    hang_up(&c);
}

static void
a_held_poll_keeps_its_session(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), post = dial(v);
    struct sid_query q = open_polling(&get, 4);

    say_get(&get, 4, q.text);
    hear_nothing(&get, 20);
    flood(v);
    assert_int_equal(v->closed, FLOOD - LIMIT);
    say_post(&post, 4, q.text, "4here");
    expect_answer(&post, 200, "ok");
    expect_answer(&get, 200, "4echo:here");
    hang_up(&get);
    hang_up(&post);
}

static void
a_post_under_way_keeps_its_session(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);
    struct sid_query q = open_polling(&c, 4);
    char head[256];

    snprintf(head, sizeof(head),
        "POST /socket.io/?EIO=4&transport=polling%s HTTP/1.1\r\nHost: a\r\n"
        "Content-Length: 5\r\n\r\n4sl",
        q.text);
    say(&c, head);
    hear_nothing(&c, 20);
    flood(v);
    say(&c, "ow");
    expect_answer(&c, 200, "ok");
    say_get(&c, 4, q.text);
    expect_answer(&c, 200, "4echo:slow");
    hang_up(&c);
}

static void
a_candidate_keeps_its_session(void **state)
{
    struct server *v = *state;
    struct client c = dial(v), ws = dial(v);
    struct sid_query q = open_polling(&c, 4);
    char query[64];

    snprintf(query, sizeof(query), "EIO=4&transport=websocket%s", q.text);
    say_upgrade(&ws, query, "");
    HEAR(&ws, ACCEPTED "\r\n");
    flood(v);
    say_packet(&ws, "2probe");
    hear_packet(&ws, "3probe");
    say_packet(&ws, "5");
    say_packet(&ws, "4over");
    hear_packet(&ws, "4echo:over");
    flood(v);
    say_packet(&ws, "4still");
    hear_packet(&ws, "4echo:still");
    hang_up(&c);
    hang_up(&ws);
}

static void
a_lost_candidate_leaves_its_session_adrift(void **state)
{
    struct server *v = *state;
    struct client c = dial(v), ws = dial(v);
    struct sid_query q = open_polling(&c, 4);
    char query[64];

    snprintf(query, sizeof(query), "EIO=4&transport=websocket%s", q.text);
    say_upgrade(&ws, query, "");
    HEAR(&ws, ACCEPTED "\r\n");
    hang_up(&ws);
    turn_for(v, 20);
    expect_alive(v, 4, q.text);
    flood(v);
    expect_gone(v, 4, q.text);
    hang_up(&c);
}

static void
a_goodbye_that_no_poll_fetches_makes_room(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);
    struct sid_query q = open_polling(&c, 4);

    say_post(&c, 4, q.text, "4close");
    expect_answer(&c, 200, "ok");
    assert_int_equal(v->closed, 1);
    flood(v);
    assert_int_equal(engine_session_count(v->engine), LIMIT);
    hang_up(&c);
}

static void
without_a_limit_none_is_ended(void **state)
{
    struct server *v = *state;

    v->limits.adrift = 0;
    flood(v);
    assert_int_equal(v->closed, 0);
    v->limits.adrift = LIMIT; /* a reload */
    flood(v);
    assert_int_equal(engine_session_count(v->engine), LIMIT);
}

static uint64_t
due_in_ms(struct server *v)
{
    return only_session(v)->heartbeat.timer.due_ms - loop_now_ms(v->loop);
}

static void
a_client_has_seconds_to_come_back(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);
    struct sid_query q = open_polling(&c, 4);

    assert_in_range(due_in_ms(v), 5000, 10100);
    say_get(&c, 4, q.text);
    hear_nothing(&c, 20);
    assert_in_range(due_in_ms(v), 20000, 25100);
    hang_up(&c);
}

static void
who_does_not_come_back_is_absent(void **state)
{
    struct server *v = *state;
    struct client there = dial(v), gone = dial(v);

    v->limits.ping_interval_ms = 50;
    v->limits.ping_timeout_ms = PATIENCE_MS;
    struct sid_query q = open_polling(&there, 4);
    say_get(&there, 4, q.text);
    expect_answer(&there, 200, "2");
    v->limits.ping_timeout_ms = 50;
    open_polling(&gone, 4);
    for (uint64_t end = clock_ms() + PATIENCE_MS; v->closed == 0;) {
        assert_true(clock_ms() < end);
        turn(v);
    }
    assert_int_equal(v->why, EIO_END_ABSENT);
    expect_alive(v, 4, q.text);
    hang_up(&there);
    hang_up(&gone);
}

#define SMALL_TEST(name) cmocka_unit_test_setup_teardown(name, begin_small, server_end)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SMALL_TEST(the_oldest_ends_and_the_newest_is_taken),
        SMALL_TEST(each_request_makes_a_session_the_newest),
        SMALL_TEST(a_held_poll_keeps_its_session),
        SMALL_TEST(a_post_under_way_keeps_its_session),
        SMALL_TEST(a_candidate_keeps_its_session),
        SMALL_TEST(a_lost_candidate_leaves_its_session_adrift),
        SMALL_TEST(a_goodbye_that_no_poll_fetches_makes_room),
        SMALL_TEST(without_a_limit_none_is_ended),
        ENGINE_TEST(a_client_has_seconds_to_come_back),
        ENGINE_TEST(who_does_not_come_back_is_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
