/* SPDX-License-Identifier: MIT */
/*
 * Tests of connections that leave HTTP, or their loop.
 */
#include "server.h"

#include "http_conn_priv.h"

/* ---- leaving HTTP, and this loop ---- */

#define UPGRADE                                                                                    \
    "GET /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static void
upgrade_hands_over_the_stream(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, UPGRADE "early");
    hear(&t, "HTTP/1.1 101 Switching\r\n\r\n");
    say(&t, " and late");
    TURN_UNTIL(s.l, s.early.len == 14);
    assert_true(str_is(buffer_str(&s.early), "early and late"));
    assert_int_equal(s.ends, 0);
    s.conn = NULL;
    talker_fini(&t);
    TURN_UNTIL(s.l, s.upgraded_ends);
    assert_int_equal(s.ends, 0);
    server_close(&s);
}

static void
pipelined_upgrade_hands_over_the_stream(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    hold(&s, &t);
    say(&t, UPGRADE "early");
    turn_some(s.l);
    http_exchange_reply_text(s.held, 200, "text/plain", "OK");
    hear(&t, OK "HTTP/1.1 101 Switching\r\n\r\n");
    assert_true(str_is(buffer_str(&s.early), "early"));
    s.conn = NULL;
    tear_down(&s, &t);
}

static void
upgrade_with_a_body_is_a_request(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, "POST /upgrade HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Content-Length: 2\r\n\r\nhi");
    hear(&t, OK_LAST);
    hear_end(&t);
    tear_down(&s, &t);
}

static void
unsupported_upgrade_is_a_request(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t,
        "GET /echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n" GET("/"));
    hear(&t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n" OK);
    tear_down(&s, &t);
}

static void
connection_moves_to_another_loop(void **state)
{
    struct server here, there;
    struct talker t;
    struct http_conn *c;

    (void)state;
    set(&here, &t);
    server_open(&there);
    say(&t, GET("/first"));
    hear(&t, OK);
    say(&t, "POST /move HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe");
    TURN_UNTIL(here.l, here.parcel);
    say(&t, "llo" GET("/second"));
    here.conn = NULL;
    turn_some(here.l);
    server_saw(&here, "GET /first;POST /move;");
    c = http_conn_adopt(there.l, here.parcel, &there.limits, &conn_handlers, &there);
    assert_non_null(c);
    there.conn = c;
    server_saw(&there, "");
    TURN_UNTIL(there.l, there.parcel); /* it would go on: but that is enough */
    there.conn = NULL;
    server_saw(&there, "POST /move;");
    assert_int_equal(here.ends + there.ends, 0);
    http_conn_drop_parcel(there.parcel);
    t.l = there.l;
    while (!t.ended)
        listen_once(&t);
    server_close(&there);
    tear_down(&here, &t);
}

static void
moved_connection_answers(void **state)
{
    struct server here, there;
    struct talker t;

    (void)state;
    set(&here, &t);
    server_open(&there);
    say(&t, GET("/move") GET("/second"));
    TURN_UNTIL(here.l, here.parcel);
    here.conn = NULL;
    memcpy(strstr(here.parcel->raw.data, "/move"), "/here", 5);
    there.conn = http_conn_adopt(there.l, here.parcel, &there.limits, &conn_handlers, &there);
    t.l = there.l;
    hear(&t, OK OK);
    server_saw(&there, "GET /here;GET /second;");
    server_close(&there);
    tear_down(&here, &t);
}

static void
connection_with_a_queue_does_not_move(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, GET("/") GET("/move"));
    hear(&t, OK "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
                "Connection: keep-alive\r\n\r\n");
    assert_null(s.parcel);
    tear_down(&s, &t);
}

static void
postponed_request_moves_with_what_follows(void **state)
{
    struct server here, there;
    struct talker t;

    (void)state;
    set(&here, &t);
    server_open(&there);
    say(&t, GET("/") GET("/later") GET("/second"));
    TURN_UNTIL(here.l, here.parcel);
    here.conn = NULL;
    turn_some(here.l);
    server_saw(&here, "GET /;GET /later;GET /later;GET /later;");
    memcpy(strstr(here.parcel->raw.data, "/later"), "/again", 6);
    there.conn = http_conn_adopt(there.l, here.parcel, &there.limits, &conn_handlers, &there);
    t.l = there.l;
    hear(&t, OK OK OK);
    server_saw(&there, "GET /again;GET /second;");
    server_close(&there);
    tear_down(&here, &t);
}

/* A queue that the kernel does not take would put it off for ever. */
static void
request_is_postponed_twice_at_most(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, GET("/never") GET("/"));
    hear(&t, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
             "Connection: keep-alive\r\n\r\n" OK);
    server_saw(&s, "GET /never;GET /never;GET /never;GET /;");
    tear_down(&s, &t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(upgrade_hands_over_the_stream),
        TEST(pipelined_upgrade_hands_over_the_stream),
        TEST(upgrade_with_a_body_is_a_request),
        TEST(unsupported_upgrade_is_a_request),
        TEST(connection_moves_to_another_loop),
        TEST(moved_connection_answers),
        TEST(connection_with_a_queue_does_not_move),
        TEST(postponed_request_moves_with_what_follows),
        TEST(request_is_postponed_twice_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
