/* SPDX-License-Identifier: MIT */
/*
 * Tests of http_client: answers of every form, and when a connection is used again.
 */
#include "application.h"

/* ---- answers ---- */

static void
connection_is_used_again(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    post(&s);
    accept_one(&s);
    for (int i = 0; i < 3; i++) {
        if (i > 0)
            post(&s);
        hear_post(&s);
        say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue");
        answered(&s, 200, "true");
    }
    post(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 403 Forbidden\r\nTransfer-Encoding: chunked\r\n\r\n"
                "2\r\nno\r\n0\r\n\r\n");
    answered(&s, 403, "no");
    post(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 204 No Content\r\n\r\n");
    answered(&s, 204, "");
    post(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 304 Not Modified\r\nContent-Length: 100000\r\n\r\n");
    answered(&s, 304, "");
    post(&s);
    hear_post(&s);
    application_close(&s);
}

static void
answer_may_come_byte_by_byte(void **state)
{
    static const char text[] = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 100 C\r\n\r\n"
                               "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3\r\nabc\r\n1;x\r\nd\r\n0\r\n\r\n";
    struct scene s;

    (void)state;
    application_open(&s);
    for (int at_once = 0; at_once < 2; at_once++) {
        post(&s);
        if (!at_once)
            accept_one(&s);
        hear_post(&s);
        for (size_t i = 0; !at_once && i < sizeof(text) - 1; i++)
            say_bytes(&s.app, text + i, 1);
        if (at_once)
            say(&s.app, text);
        answered(&s, 200, "abcd");
    }
    application_close(&s);
}

/* After each of these the connection is not used again. */
static void
last_answers_close(void **state)
{
    static const struct {
        const char *text;
        bool ends;
    } last[] = {
        { "HTTP/1.1 200 OK\r\n\r\ntrue", true },
        { "HTTP/1.0 200 OK\r\n\r\ntrue", true },
        { "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ntrue", true },
        { "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\ntrue", false },
        { "HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\ntrue", false },
        { "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue and more", false },
    };
    struct scene s;

    (void)state;
    application_open(&s);
    for (size_t i = 0; i < COUNT_OF(last); i++) {
        post(&s);
        accept_one(&s);
        hear_post(&s);
        say(&s.app, last[i].text);
        if (last[i].ends)
            talker_fini(&s.app);
        answered(&s, 200, "true");
        if (!last[i].ends)
            hear_end(&s.app);
    }
    application_close(&s);
}

static void
idle_connection_that_ends_is_forgotten(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    for (int i = 0; i < 2; i++) {
        post(&s);
        accept_one(&s);
        hear_post(&s);
        say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        answered(&s, 200, "");
        if (i == 0) {
            talker_fini(&s.app);
            turn_some(s.l);
        } else {
            say(&s.app, "unasked");
            hear_end(&s.app);
        }
    }
    post(&s);
    accept_one(&s);
    hear_post(&s);
    application_close(&s);
}

static void
idle_connection_closes_in_time(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    http_client_close(s.client);
    s.client = http_client_open(s.l, NULL, NULL, 50);
    post(&s);
    accept_one(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    answered(&s, 200, "");
    hear_end(&s.app);
    application_close(&s);
}

/* What was trusted before may not be any more. */
static void
connection_of_another_tls_context_is_not_used_again(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    post(&s);
    accept_one(&s);
    hear_post(&s);
    http_client_set_tls(s.client, NULL, NULL);
    say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue");
    answered(&s, 200, "true");
    post(&s);
    hear_end(&s.app);
    accept_one(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ntrue");
    answered(&s, 200, "true");
    post(&s);
    hear_post(&s);
    application_close(&s);
}

/* The application closed the connection just before it saw the request. */
static void
request_on_a_dying_connection_is_repeated_once(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    post(&s);
    accept_one(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    answered(&s, 200, "");
    post(&s);
    hear_post(&s);
    accept_one(&s); /* closes the first one */
    hear_post(&s);
    talker_fini(&s.app);
    failed(&s, HTTP_CALL_BROKEN, "the connection ended before the answer did");
    application_close(&s);
}

static void
answer_that_began_is_not_repeated(void **state)
{
    struct scene s;

    (void)state;
    application_open(&s);
    post(&s);
    accept_one(&s);
    hear_post(&s);
    say(&s.app, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    answered(&s, 200, "");
    post(&s);
    hear_post(&s);
    say(&s.app, "H");
    turn_some(s.l);
    talker_fini(&s.app);
    failed(&s, HTTP_CALL_BROKEN, "the connection ended before the answer did");
    application_close(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(connection_is_used_again),
        TEST(answer_may_come_byte_by_byte),
        TEST(last_answers_close),
        TEST(idle_connection_that_ends_is_forgotten),
        TEST(idle_connection_closes_in_time),
        TEST(connection_of_another_tls_context_is_not_used_again),
        TEST(request_on_a_dying_connection_is_repeated_once),
        TEST(answer_that_began_is_not_repeated),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
