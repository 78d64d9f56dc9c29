/* SPDX-License-Identifier: MIT */
/*
 * upgrade: nothing is lost or reordered on the way, and a bad candidate does no harm.
 */
#include "dialogue.h"

static struct client
dial_candidate(struct server *v, unsigned version, const struct sid_query *q)
{
    struct client c = dial(v);
    char query[96];

    snprintf(query, sizeof(query), "EIO=%u&transport=websocket%s", version, q->text);
    say_upgrade(&c, query, "");
    HEAR(&c, ACCEPTED "\r\n");
    return c;
}

static void
expect_alive(struct client *get, struct sid_query q)
{
    send_text(only_session(get->server), "4alive");
    say_get(get, 4, q.text);
    expect_answer(get, 200, "4alive");
}

static void
a_session_moves_to_the_websocket(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), post = dial(v);
    struct sid_query q = open_polling(&get, 3);

    say_get(&get, 3, q.text);
    struct client ws = dial_candidate(v, 3, &q);
    hear_nothing(&ws, 20);
    say_packet(&ws, "2probe");
    hear_packet(&ws, "3probe");
    expect_answer(&get, 200, "1:6");
    say_post(&post, 3, q.text, "6:4three");
    expect_answer(&post, 200, "ok");
    send_text(only_session(v), "4four");
    say_packet(&ws, "5");
    hear_packet(&ws, "4echo:three");
    hear_packet(&ws, "4four");
    say_packet(&ws, "4five");
    hear_packet(&ws, "4echo:five");
    say_packet(&ws, "2probe");
    hear_packet(&ws, "3");
    say_get(&get, 3, q.text);
    expect_answer(&get, 400, "{\"code\":3,\"message\":\"Bad request\"}");
    assert_int_equal(v->closed, 0);
    hang_up(&get);
    hang_up(&post);
    hang_up(&ws);
}

static void
polls_are_released_again_and_again(void **state)
{
    struct server *v = *state;
    struct client get = dial(v);
    struct sid_query q = open_polling(&get, 4);
    struct client ws = dial_candidate(v, 4, &q);

    say_packet(&ws, "2probe");
    hear_packet(&ws, "3probe");
    for (int i = 0; i < 3; i++) {
        say_get(&get, 4, q.text);
        expect_answer(&get, 200, "6");
    }
    send_text(only_session(v), "4a");
    say_get(&get, 4, q.text);
    expect_answer(&get, 200, "4a");
    hang_up(&get);
    hang_up(&ws);
}

static void
a_poll_held_at_the_switch_is_closed(void **state)
{
    struct server *v = *state;
    struct client get = dial(v);
    struct sid_query q = open_polling(&get, 4);
    struct client ws = dial_candidate(v, 4, &q);

    say_get(&get, 4, q.text);
    hear_nothing(&get, 20);
    say_packet(&ws, "5"); /* without a probe */
    expect_answer(&get, 200, "1");
    say_packet(&ws, "4a");
    hear_packet(&ws, "4echo:a");
    hang_up(&get);
    hang_up(&ws);
}

static void
messages_may_follow_the_upgrade_at_once(void **state)
{
    struct server *v = *state;
    struct client get = dial(v);
    struct sid_query q = open_polling(&get, 4);
    struct client ws = dial_candidate(v, 4, &q);

    send_text(only_session(v), "4queued");
    say_bytes(&ws,
        "\x81\x81\0\0\0\0"
        "5"
        "\x81\x82\0\0\0\0"
        "4a",
        15);
    hear_packet(&ws, "4queued");
    hear_packet(&ws, "4echo:a");
    hang_up(&get);
    hang_up(&ws);
}

static void
a_candidate_that_says_something_else_is_closed(void **state)
{
    static const char *const packets[] = { "4hello", "2", "1", "x", "2probes" };
    struct server *v = *state;
    struct client get = dial(v);
    struct sid_query q = open_polling(&get, 4);

    for (size_t i = 0; i < COUNT_OF(packets); i++) {
        struct client ws = dial_candidate(v, 4, &q);
        say_packet(&ws, packets[i]);
        HEAR(&ws, "\x88\x00");
        hear_end(&ws);
        hang_up(&ws);
    }
    expect_alive(&get, q);
    assert_int_equal(v->heard.len, 0);
    hang_up(&get);
}

static void
a_candidate_may_vanish(void **state)
{
    struct server *v = *state;
    struct client get = dial(v);
    struct sid_query q = open_polling(&get, 4);
    struct client ws = dial_candidate(v, 4, &q), other;

    say_packet(&ws, "2probe");
    hear_packet(&ws, "3probe");
    hang_up(&ws);
    turn_for(v, 30);
    expect_alive(&get, q);
    other = dial_candidate(v, 4, &q);
    say_packet(&other, "5");
    say_packet(&other, "4a");
    hear_packet(&other, "4echo:a");
    hang_up(&other);
    hang_up(&get);
}

static void
a_slow_candidate_is_given_up(void **state)
{
    struct server *v = *state;
    struct client get = dial(v);
    struct sid_query q = open_polling(&get, 4);

    v->limits.upgrade_timeout_ms = 40;
    struct client ws = dial_candidate(v, 4, &q);
    say_packet(&ws, "2probe");
    hear_packet(&ws, "3probe");
    HEAR(&ws, "\x88\x00");
    hear_end(&ws);
    expect_alive(&get, q);
    hang_up(&ws);
    hang_up(&get);
}

static void
a_second_candidate_is_dismissed(void **state)
{
    struct server *v = *state;
    struct client get = dial(v);
    struct sid_query q = open_polling(&get, 4);
    struct client ws = dial_candidate(v, 4, &q), second = dial_candidate(v, 4, &q), third;

    HEAR(&second, "\x88\x00");
    hear_end(&second);
    say_packet(&ws, "5");
    turn_for(v, 20);
    third = dial_candidate(v, 4, &q);
    HEAR(&third, "\x88\x00");
    hear_end(&third);
    say_packet(&ws, "4a");
    hear_packet(&ws, "4echo:a");
    hang_up(&get);
    hang_up(&ws);
    hang_up(&second);
    hang_up(&third);
}

static void
an_upgrade_to_polling_is_dismissed(void **state)
{
    struct client c = dial(*state);

    say_upgrade(&c, "EIO=4&transport=polling", "");
    HEAR(&c, ACCEPTED "\r\n\x88\x00");
    hear_end(&c);
    hang_up(&c);
}

static void
a_close_takes_the_candidate_along(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), post = dial(v);
    struct sid_query q = open_polling(&get, 4);
    struct client ws = dial_candidate(v, 4, &q);

    say_get(&get, 4, q.text);
    say_post(&post, 4, q.text, "4close");
    expect_answer(&post, 200, "ok");
    expect_answer(&get, 200, "1");
    HEAR(&ws, "\x88\x00");
    hear_end(&ws);
    hang_up(&get);
    hang_up(&post);
    hang_up(&ws);
}

static void
a_paused_session_stays_paused_across_the_switch(void **state)
{
    struct server *v = *state;
    struct client get = dial(v);
    struct sid_query q = open_polling(&get, 4);
    struct client ws = dial_candidate(v, 4, &q);

    eio_session_pause(only_session(v));
    say_packet(&ws, "5");
    say_packet(&ws, "4a");
    hear_nothing(&ws, 30);
    eio_session_resume(only_session(v));
    hear_packet(&ws, "4echo:a");
    hang_up(&get);
    hang_up(&ws);
}

/* The POST was taken when its session paused; the client did not wait for its answer. */
static void
packets_that_wait_in_a_post_go_before_the_switch(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), post = dial(v);
    struct sid_query q = open_polling(&get, 4);
    struct client ws = dial_candidate(v, 4, &q);

    say_post(&post, 4, q.text,
        "4pause\x1e"
        "4one\x1e"
        "4two");
    turn_for(v, 20);
    assert_true(str_is(buffer_str(&v->heard), "pause "));
    say_packet(&ws, "5");
    say_packet(&ws, "4three");
    expect_answer(&post, 200, "ok");
    hear_packet(&ws, "4echo:pause");
    hear_packet(&ws, "4echo:one");
    hear_packet(&ws, "4echo:two");
    hear_nothing(&ws, 30);
    eio_session_resume(only_session(v));
    hear_packet(&ws, "4echo:three");
    assert_true(str_is(buffer_str(&v->heard), "pause one two three "));
    hang_up(&get);
    hang_up(&post);
    hang_up(&ws);
}

/* What waits may end the session: then there is no switch. */
static void
a_goodbye_that_waits_in_a_post_is_heard_at_the_switch(void **state)
{
    static const char *const last[] = { "1", "4close", "x" };
    static const enum eio_end why[] = { EIO_END_PEER, EIO_END_LOCAL, EIO_END_PARSE };
    struct server *v = *state;

    for (unsigned i = 0; i < COUNT_OF(last); i++) {
        struct client get = dial(v), post = dial(v);
        struct sid_query q = open_polling(&get, 4);
        struct client ws = dial_candidate(v, 4, &q);
        char body[32];

        snprintf(body, sizeof(body), "4pause\x1e%s", last[i]);
        say_get(&get, 4, q.text);
        say_post(&post, 4, q.text, body);
        expect_answer(&get, 200, "4echo:pause");
        say_get(&get, 4, q.text);
        turn_for(v, 20);
        assert_int_equal(v->closed, i);
        say_packet(&ws, "5");
        expect_answer(&post, 200, "ok");
        HEAR(&ws, "\x88\x00");
        hear_end(&ws);
        assert_int_equal(v->closed, i + 1);
        assert_int_equal(v->why, why[i]);
        hang_up(&get);
        hang_up(&post);
        hang_up(&ws);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(a_session_moves_to_the_websocket),
        ENGINE_TEST(polls_are_released_again_and_again),
        ENGINE_TEST(a_poll_held_at_the_switch_is_closed),
        ENGINE_TEST(messages_may_follow_the_upgrade_at_once),
        ENGINE_TEST(a_candidate_that_says_something_else_is_closed),
        ENGINE_TEST(a_candidate_may_vanish),
        ENGINE_TEST(a_slow_candidate_is_given_up),
        ENGINE_TEST(a_second_candidate_is_dismissed),
        ENGINE_TEST(an_upgrade_to_polling_is_dismissed),
        ENGINE_TEST(a_close_takes_the_candidate_along),
        ENGINE_TEST(a_paused_session_stays_paused_across_the_switch),
        ENGINE_TEST(packets_that_wait_in_a_post_go_before_the_switch),
        ENGINE_TEST(a_goodbye_that_waits_in_a_post_is_heard_at_the_switch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
