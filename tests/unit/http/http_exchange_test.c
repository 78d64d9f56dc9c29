/* SPDX-License-Identifier: MIT */
/*
 * Tests of exchanges that last: held, pipelined, aborted, retired.
 */
#include "server.h"

#include "http_conn_priv.h"

/* ---- held requests ---- */

static void
lost_peer_is_noticed_while_held(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    hold(&s, &t);
    talker_fini(&t);
    TURN_UNTIL(s.l, s.ends);
    assert_int_equal(s.gone, 1);
    assert_null(s.held);
    server_close(&s);
}

static void
pipelined_requests_wait(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    hold(&s, &t);
    say(&t, GET("/1") "GET /2 HT");
    say(&t, "TP/1.1\r\nHost: a\r\n\r\n" GET("/hold") GET("/3"));
    hear_nothing(&t);
    server_saw(&s, "");
    http_exchange_reply_text(s.held, 200, "text/plain", "OK");
    s.held = NULL;
    server_saw(&s, ""); /* not from within the reply */
    hear(&t, OK OK OK);
    server_saw(&s, "GET /1;GET /2;GET /hold;(0)");
    http_exchange_reply_text(s.held, 200, "text/plain", "OK");
    hear(&t, OK OK);
    server_saw(&s, "GET /3;");
    tear_down(&s, &t);
}

static void
reading_pauses_when_too_much_waits(void **state)
{
    struct server s;
    struct talker t;
    char block[1000];

    (void)state;
    set(&s, &t);
    hold(&s, &t);
    memset(block, '\n', sizeof(block));
    for (int i = 0; i < 3000 && !s.conn->paused; i++)
        say_bytes(&t, block, sizeof(block));
    assert_true(s.conn->paused);
    assert_true(s.conn->ahead.len < 4096 + 65536);
    say(&t, GET("/behind"));
    http_exchange_reply_text(s.held, 200, "text/plain", "OK");
    hear(&t, OK OK);
    assert_false(s.conn->paused);
    server_saw(&s, "GET /behind;");
    tear_down(&s, &t);
}

static void
connection_may_be_closed_while_held(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    hold(&s, &t);
    http_conn_close(s.conn);
    http_conn_close(s.conn);
    assert_int_equal(s.gone, 0);
    TURN_UNTIL(s.l, s.ends);
    assert_int_equal(s.gone, 1);
    hear_end(&t);
    tear_down(&s, &t);
}

static void
answer_after_a_close_is_ignored(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    hold(&s, &t);
    http_conn_close(s.conn);
    http_exchange_reply_text(s.held, 200, NULL, "");
    TURN_UNTIL(s.l, s.ends);
    assert_int_equal(s.gone, 0);
    hear_end(&t);
    tear_down(&s, &t);
}

static void
exchange_may_be_destroyed(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    hold(&s, &t);
    http_exchange_destroy(s.held);
    hear_end(&t);
    assert_int_equal(s.gone, 0);
    talker_fini(&t);
    TURN_UNTIL(s.l, !s.conn);
    talker_dial(&t, s.l, s.port);
    say(&t, GET("/destroy") GET("/"));
    hear_end(&t);
    server_saw(&s, "GET /destroy;");
    tear_down(&s, &t);
}

static void
connection_may_be_closed_in_a_request(void **state)
{
    static const char *const requests[] = { GET("/"), GET("/hold"),
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct server s;
        struct talker t;

        set(&s, &t);
        s.close_in_request = true;
        say(&t, requests[i]);
        hear_end(&t);
        TURN_UNTIL(s.l, s.ends);
        assert_int_equal(s.gone, i > 0);
        tear_down(&s, &t);
    }
}

/* ---- retiring ---- */

static void
retired_idle_connection_closes(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    http_conn_retire(s.conn);
    hear_end(&t);
    tear_down(&s, &t);
}

static void
retired_busy_connection_answers_first(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    hold(&s, &t);
    http_conn_retire(s.conn);
    hear_nothing(&t);
    http_exchange_reply_text(s.held, 200, "text/plain", "OK");
    hear(&t, OK_LAST);
    hear_end(&t);
    tear_down(&s, &t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lost_peer_is_noticed_while_held),
        TEST(pipelined_requests_wait),
        TEST(reading_pauses_when_too_much_waits),
        TEST(connection_may_be_closed_while_held),
        TEST(answer_after_a_close_is_ignored),
        TEST(exchange_may_be_destroyed),
        TEST(connection_may_be_closed_in_a_request),
        TEST(retired_idle_connection_closes),
        TEST(retired_busy_connection_answers_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
