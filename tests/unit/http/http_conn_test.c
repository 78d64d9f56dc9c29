/* SPDX-License-Identifier: MIT */
/*
 * Tests of http_conn: requests, answers and bodies, byte for byte over loopback.
 */
#include "server.h"

#include "http_conn_priv.h"

/* ---- requests and answers ---- */

static void
requests_follow_each_other(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    for (int i = 0; i < 3; i++) {
        say(&t, GET("/a?b=c"));
        hear(&t, OK);
    }
    server_saw(&s, "GET /a?b=c;GET /a?b=c;GET /a?b=c;");
    assert_int_equal(s.accepted, 1);
    tear_down(&s, &t);
    assert_int_equal(s.ends, 1);
}

static void
request_may_come_byte_by_byte(void **state)
{
    static const char text[] = "\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nX: y z \r\nEmpty:\r\n"
                               "Content-Length: 5\r\n\r\nhello";
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    for (size_t i = 0; i < sizeof(text) - 1; i++) {
        say_bytes(&t, text + i, 1);
        loop_turn(s.l);
    }
    hear(&t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello");
    server_saw(&s, "POST /echo;(5)");
    tear_down(&s, &t);
}

static void
idle_connection_owns_no_buffer(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    assert_true(sizeof(struct http_conn) <= 256);
    set(&s, &t);
    assert_null(s.conn->exchange);
    say(&t, GET("/"));
    hear(&t, OK);
    loop_turn(s.l);
    assert_null(s.conn->exchange);
    assert_null(s.conn->ahead.data);
    say(&t, "\r\n\r\n");
    turn_some(s.l);
    assert_null(s.conn->exchange);
    tear_down(&s, &t);
}

static void
answer_has_all_its_parts(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, GET("/304") GET("/204") "HEAD /all HTTP/1.1\r\nHost: a\r\n\r\n");
    hear(&t, "HTTP/1.1 304 Not Modified\r\nConnection: keep-alive\r\n\r\n");
    hear(&t, "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
    hear(&t, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nX-A: b\r\nX-C: d\r\n"
             "Content-Length: 2\r\nConnection: close\r\n\r\n");
    hear_end(&t);
    tear_down(&s, &t);
}

static void
answer_with_body_that_closes(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, GET("/all") GET("/never"));
    hear(&t, "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nX-A: b\r\nX-C: d\r\n"
             "Content-Length: 2\r\nConnection: close\r\n\r\n{}");
    hear_end(&t);
    server_saw(&s, "GET /all;");
    tear_down(&s, &t);
}

static void
client_may_ask_to_close(void **state)
{
    static const char *const requests[] = {
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct server s;
        struct talker t;

        set(&s, &t);
        say(&t, requests[i]);
        hear(&t, OK_LAST);
        hear_end(&t);
        tear_down(&s, &t);
    }
}

static void
target_is_taken_apart(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, GET("http://a.test:80/p/q?x=1&y") GET("http://a")
                GET("http://a?z") "OPTIONS * HTTP/1.1\r\nHost:\r\n\r\n" GET(
                    "/%2f?") "PUT /x HTTP/1.1\r\nhost:a\r\n\r\n");
    for (int i = 0; i < 6; i++)
        hear(&t, OK);
    server_saw(&s, "GET /p/q?x=1&y;GET /;GET /?z;OPTIONS *;GET /%2f;OTHER /x;");
    tear_down(&s, &t);
}

static void
large_answer_is_read_slowly(void **state)
{
    struct server s;
    struct talker t;
    size_t total = 0;

    (void)state;
    set(&s, &t);
    say(&t, GET("/large") GET("/large") GET("/next"));
    turn_some(s.l);
    assert_int_equal(s.requests, 1); /* the second waits until the first was taken */
    while (total < (8 << 20) + 200) {
        listen_once(&t);
        assert_false(t.ended);
        total += t.got.len;
        buffer_clear(&t.got);
    }
    assert_int_equal(s.requests, 3);
    tear_down(&s, &t);
}

/* ---- bodies ---- */

static void
body_is_collected(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" GET("/"));
    hear(&t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello" OK);
    say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nT: u\r\n\r\n" GET("/"));
    hear(&t, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\nhello" OK);
    server_saw(&s, "POST /echo;(5)GET /;POST /echo;(5)GET /;");
    tear_down(&s, &t);
}

static void
consent_is_given_when_asked_for(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    hear(&t, "HTTP/1.1 100 Continue\r\n\r\n");
    say(&t, "hi");
    hear(&t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi");
    say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nExpect: 100-continue\r\n\r\n");
    hear(&t, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
    say(&t,
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\nExpect: 100-continue\r\n\r\n");
    hear(&t, LAST("413 Payload Too Large"));
    hear_end(&t);
    tear_down(&s, &t);
}

static void
answer_before_the_body_closes(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
    hear(&t, OK_LAST);
    say(&t, "hello" GET("/"));
    hear_end(&t);
    assert_int_equal(s.requests, 1);
    tear_down(&s, &t);
}

static void
body_past_its_limit_is_413(void **state)
{
    static const char *const requests[] = {
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n",
        ("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "1\r\nx\r\nffffffffffffffff\r\n"),
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct server s;
        struct talker t;

        set(&s, &t);
        say(&t, requests[i]);
        hear(&t, LAST("413 Payload Too Large"));
        hear_end(&t);
        assert_int_equal(s.too_large, 1);
        assert_int_equal(s.gone, 0);
        tear_down(&s, &t);
    }
}

#define EMPTY "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"

static void
short_body_that_means_nothing_is_skipped(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, "GET /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" GET("/read"));
    hear(&t, EMPTY EMPTY);
    say(&t, "GET /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            "3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n" GET("/read"));
    hear(&t, EMPTY EMPTY);
    say(&t, "GET /read HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    hear(&t, "HTTP/1.1 100 Continue\r\n\r\n");
    say(&t, "hello");
    hear(&t, EMPTY);
    server_saw(&s, "GET /read;(0)GET /read;(0)GET /read;(0)GET /read;(0)GET /read;(0)");
    assert_int_equal(s.accepted, 1);
    tear_down(&s, &t);
}

static void
long_body_that_means_nothing_is_413(void **state)
{
    static const char *const requests[] = {
        "GET /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10485000\r\n\r\n",
        ("GET /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10485000\r\n"
         "Expect: 100-continue\r\n\r\n"),
        "GET /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1001\r\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct server s;
        struct talker t;

        set(&s, &t);
        say(&t, requests[i]);
        hear(&t, LAST("413 Payload Too Large"));
        hear_end(&t);
        assert_int_equal(s.too_large, 1);
        tear_down(&s, &t);
    }
}

static void
owner_may_answer_too_large_itself(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    s.answer_abort = true;
    say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n");
    hear(&t, "HTTP/1.1 413 Payload Too Large\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n"
             "Connection: close\r\n\r\nmine");
    hear_end(&t);
    tear_down(&s, &t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_follow_each_other),
        TEST(request_may_come_byte_by_byte),
        TEST(idle_connection_owns_no_buffer),
        TEST(answer_has_all_its_parts),
        TEST(answer_with_body_that_closes),
        TEST(client_may_ask_to_close),
        TEST(target_is_taken_apart),
        TEST(large_answer_is_read_slowly),
        TEST(body_is_collected),
        TEST(consent_is_given_when_asked_for),
        TEST(answer_before_the_body_closes),
        TEST(body_past_its_limit_is_413),
        TEST(short_body_that_means_nothing_is_skipped),
        TEST(long_body_that_means_nothing_is_413),
        TEST(owner_may_answer_too_large_itself),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
