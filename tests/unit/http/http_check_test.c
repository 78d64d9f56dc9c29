/* SPDX-License-Identifier: MIT */
/*
 * Tests of what a connection refuses: malformed, long and slow requests.
 */
#include "server.h"

/* ---- what is refused ---- */

static void
refuses(const char *request, const char *answer)
{
    struct server s;
    struct talker t;

    set(&s, &t);
    say(&t, request);
    hear(&t, answer);
    hear_end(&t);
    assert_int_equal(s.requests, 0);
    tear_down(&s, &t);
}

static void
malformed_head_is_400(void **state)
{
    static const char *const heads[] = {
        "\x16\x03\x01\x02",
        "NONSENSE / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\001\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n: empty\r\n\r\n",
        "GET /#f HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
        "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/0.9\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        ("POST / HTTP/1.1\r\nHost: a\r\n"
         "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"),
        "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(heads); i++)
        refuses(heads[i], LAST("400 Bad Request"));
}

static void
other_versions_and_expectations_are_refused(void **state)
{
    (void)state;
    refuses("GET / HTTP/2.0\r\nHost: a\r\n\r\n", LAST("505 HTTP Version Not Supported"));
    refuses(
        "GET / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", LAST("417 Expectation Failed"));
}

static void
long_head_is_431(void **state)
{
    struct buffer head = { 0 };

    (void)state;
    buffer_append_text(&head, "GET /");
    while (head.len <= 4096)
        buffer_append_char(&head, 'a');
    buffer_append_char(&head, '\0');
    refuses(head.data, LAST("431 Request Header Fields Too Large"));
    buffer_clear(&head);
    buffer_append_text(&head, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 0; i < 20; i++)
        buffer_append_text(&head, "X: y\r\n");
    buffer_append_text(&head, "\r\n");
    buffer_append_char(&head, '\0');
    refuses(head.data, LAST("431 Request Header Fields Too Large"));
    buffer_fini(&head);
}

static void
head_may_have_exactly_its_limit(void **state)
{
    struct server s;
    struct talker t;
    struct buffer head = { 0 };

    (void)state;
    set(&s, &t);
    buffer_append_text(&head, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    while (head.len < s.limits.head_bytes - 4)
        buffer_append_char(&head, 'a');
    buffer_append_text(&head, "\r\n\r\n");
    say_bytes(&t, head.data, head.len);
    hear(&t, OK);
    buffer_fini(&head);
    tear_down(&s, &t);
}

static void
broken_body_is_400(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n");
    hear(&t, LAST("400 Bad Request"));
    hear_end(&t);
    assert_int_equal(s.gone, 1);
    tear_down(&s, &t);
}

static void
endless_trailers_are_431(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    for (int i = 0; i < 1000; i++)
        say(&t, "X-Trailer: y\r\n");
    hear(&t, LAST("431 Request Header Fields Too Large"));
    hear_end(&t);
    tear_down(&s, &t);
}

static void
nothing_after_a_refusal_is_answered(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    set(&s, &t);
    say(&t, GET("/") "BAD\r\n\r\n" GET("/"));
    hear(&t, OK LAST("400 Bad Request"));
    hear_end(&t);
    server_saw(&s, "GET /;");
    tear_down(&s, &t);
}

/* ---- time ---- */

static void
slow_head_is_408(void **state)
{
    struct server s;
    struct talker t, silent;

    (void)state;
    server_open(&s);
    s.limits.head_timeout_ms = 100;
    talker_dial(&t, s.l, s.port);
    say(&t, "GET / HT");
    hear(&t, LAST("408 Request Timeout"));
    hear_end(&t);
    TURN_UNTIL(s.l, !s.conn);
    talker_dial(&silent, s.l, s.port);
    hear(&silent, LAST("408 Request Timeout"));
    hear_end(&silent);
    talker_fini(&silent);
    tear_down(&s, &t);
}

static void
slow_body_is_408(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    server_open(&s);
    s.limits.body_timeout_ms = 100;
    talker_dial(&t, s.l, s.port);
    say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx");
    hear(&t, LAST("408 Request Timeout"));
    hear_end(&t);
    assert_int_equal(s.gone, 1);
    tear_down(&s, &t);
}

/* Say part again and again, each long before the limit, until there is an answer; whether it came
 * before the body's end. */
static bool
trickle(struct talker *t, const char *part)
{
    unsigned left = BODY_LIMIT - 1;

    while (left > 0 && t->got.len == 0 && !t->ended) {
        say(t, part);
        left--;
        usleep(20000);
        listen_once(t);
    }
    return left > 0;
}

static void
trickling_body_is_408(void **state)
{
    static const struct {
        const char *head, *part;
    } trickles[] = {
        { "Content-Length: 100", "x" },
        { "Transfer-Encoding: chunked", "0001;name=value\r\nx\r\n" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(trickles); i++) {
        struct server s;
        struct talker t;

        server_open(&s);
        s.limits.body_timeout_ms = 300;
        s.limits.body_bytes_per_s = 100; /* a byte earns half of the time that it takes */
        talker_dial(&t, s.l, s.port);
        say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\n");
        say(&t, trickles[i].head);
        say(&t, "\r\n\r\n");
        assert_true(trickle(&t, trickles[i].part));
        hear(&t, LAST("408 Request Timeout"));
        hear_end(&t);
        assert_int_equal(s.gone, 1);
        tear_down(&s, &t);
    }
}

static void
body_that_came_earns_time_for_the_rest(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    server_open(&s);
    s.limits.body_timeout_ms = 50;
    s.limits.body_bytes_per_s = 1;
    talker_dial(&t, s.l, s.port);
    say(&t, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\n\r\n"
            "a minute's worth of bytes, all of them but for the last one");
    TURN_UNTIL(s.l, s.requests);
    usleep(200000);
    hear_nothing(&t);
    say(&t, ".");
    hear(&t, "HTTP/1.1 200 OK\r\nContent-Length: 60\r\nConnection: keep-alive\r\n\r\n");
    tear_down(&s, &t);
}

static void
idle_connection_closes_without_a_word(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    server_open(&s);
    s.limits.idle_timeout_ms = 100;
    talker_dial(&t, s.l, s.port);
    say(&t, GET("/"));
    hear(&t, OK);
    hear_end(&t);
    tear_down(&s, &t);
}

/* Reads now and then, for many times idle_timeout_ms; how much of the body has come? */
static size_t
read_slowly(size_t answer_bytes_per_s)
{
    struct server s;
    struct talker t;
    size_t got;

    server_open(&s);
    s.limits.idle_timeout_ms = 50;
    s.limits.answer_bytes_per_s = answer_bytes_per_s;
    talker_dial(&t, s.l, s.port);
    say(&t, GET("/large"));
    while (!t.ended && t.got.len < LARGE_BODY) {
        listen_once(&t);
        usleep(5000);
    }
    got = t.got.len;
    tear_down(&s, &t);
    return got;
}

static void
answer_may_be_read_slowly_but_not_for_ever(void **state)
{
    (void)state;
    assert_true(read_slowly(1) >= LARGE_BODY);
    assert_true(read_slowly(1 << 30) < LARGE_BODY);
}

static void
held_request_has_no_limit(void **state)
{
    struct server s;
    struct talker t;

    (void)state;
    server_open(&s);
    s.limits.idle_timeout_ms = s.limits.body_timeout_ms = s.limits.head_timeout_ms = 20;
    talker_dial(&t, s.l, s.port);
    hold(&s, &t);
    usleep(100000);
    hear_nothing(&t);
    http_exchange_reply_text(s.held, 200, "text/plain", "OK");
    hear(&t, OK);
    tear_down(&s, &t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(malformed_head_is_400),
        TEST(other_versions_and_expectations_are_refused),
        TEST(long_head_is_431),
        TEST(head_may_have_exactly_its_limit),
        TEST(broken_body_is_400),
        TEST(endless_trailers_are_431),
        TEST(nothing_after_a_refusal_is_answered),
        TEST(slow_head_is_408),
        TEST(slow_body_is_408),
        TEST(trickling_body_is_408),
        TEST(body_that_came_earns_time_for_the_rest),
        TEST(idle_connection_closes_without_a_word),
        TEST(answer_may_be_read_slowly_but_not_for_ever),
        TEST(held_request_has_no_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
