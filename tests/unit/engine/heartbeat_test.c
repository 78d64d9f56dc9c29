/* SPDX-License-Identifier: MIT */
/*
 * heartbeat: silence ends a session, and nothing else does.
 */
#include "dialogue.h"

enum { INTERVAL_MS = 60, TIMEOUT_MS = 60 };

static int
begin_fast(void **state)
{
    server_begin(state);
    struct server *v = *state;
    v->limits.ping_interval_ms = INTERVAL_MS;
    v->limits.ping_timeout_ms = TIMEOUT_MS;
    return 0;
}

static void
the_server_asks_in_4_and_goes_on_with_pongs(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);

    open_websocket(&c, 4);
    for (int i = 0; i < 5; i++) {
        hear_packet(&c, "2");
        say_packet(&c, "3");
    }
    assert_int_equal(v->closed, 0);
    hang_up(&c);
}

static void
no_pong_ends_4(void **state)
{
    struct server *v = *state;
    struct client ws = dial(v), get = dial(v);

    open_websocket(&ws, 4);
    struct sid_query q = open_polling(&get, 4);
    say_get(&get, 4, q.text);
    expect_answer(&get, 200, "2");
    say_get(&get, 4, q.text);
    expect_answer(&get, 200, "1");
    HEAR(&ws, "\x81\x01"
              "2\x88\x00");
    hear_end(&ws);
    assert_int_equal(v->closed, 2);
    assert_int_equal(v->why, EIO_END_PING_TIMEOUT);
    hang_up(&ws);
    hang_up(&get);
}

static void
another_packet_excuses_a_pong_once(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);

    v->limits.ping_timeout_ms = 100;
    open_websocket(&c, 4);
    hear_packet(&c, "2");
    turn_for(v, 70);
    say_packet(&c, "6");
    turn_for(v, 70);
    assert_int_equal(v->closed, 0);
    say_packet(&c, "6");
    turn_for(v, 60);
    assert_int_equal(v->closed, 1);
    hang_up(&c);
}

static void
the_client_beats_in_3(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);

    open_websocket(&c, 3);
    for (int i = 0; i < 5; i++) {
        turn_for(v, 50);
        say_packet(&c, i % 2 ? "2" : "2hello");
        hear_packet(&c, "3");
    }
    assert_int_equal(v->closed, 0);
    turn_for(v, 200);
    HEAR(&c, "\x88\x00");
    assert_int_equal(v->why, EIO_END_PING_TIMEOUT);
    hang_up(&c);
}

static void
a_pong_of_3_means_nothing(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);

    open_websocket(&c, 3);
    say_packet(&c, "3");
    say_packet(&c, "0");
    say_packet(&c, "6");
    hear_nothing(&c, 20);
    assert_int_equal(v->closed, 0);
    hang_up(&c);
}

static void
silence_after_an_upgrade_ends_3(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), ws = dial(v);
    struct sid_query q = open_polling(&get, 3);
    char query[96];

    snprintf(query, sizeof(query), "EIO=3&transport=websocket%s", q.text);
    say_upgrade(&ws, query, "");
    HEAR(&ws, ACCEPTED "\r\n");
    say_packet(&ws, "5");
    HEAR(&ws, "\x88\x00");
    hear_end(&ws);
    assert_int_equal(v->why, EIO_END_PING_TIMEOUT);
    hang_up(&get);
    hang_up(&ws);
}

static void
a_paused_session_is_not_called_silent(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);

    open_websocket(&c, 3);
    eio_session_pause(only_session(v));
    turn_for(v, 300);
    assert_int_equal(v->closed, 0);
    eio_session_resume(only_session(v));
    turn_for(v, 200);
    assert_int_equal(v->closed, 1);
    hang_up(&c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_server_asks_in_4_and_goes_on_with_pongs, begin_fast, server_end),
        cmocka_unit_test_setup_teardown(no_pong_ends_4, begin_fast, server_end),
        cmocka_unit_test_setup_teardown(another_packet_excuses_a_pong_once, begin_fast, server_end),
        cmocka_unit_test_setup_teardown(the_client_beats_in_3, begin_fast, server_end),
        cmocka_unit_test_setup_teardown(a_pong_of_3_means_nothing, begin_fast, server_end),
        cmocka_unit_test_setup_teardown(silence_after_an_upgrade_ends_3, begin_fast, server_end),
        cmocka_unit_test_setup_teardown(
            a_paused_session_is_not_called_silent, begin_fast, server_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
