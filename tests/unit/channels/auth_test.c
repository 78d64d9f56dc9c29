/* SPDX-License-Identifier: MIT */
/*
 * auth: the cap, the fair queue, retries, and what is asked of whom.
 */
#include "channels/auth.h"

#include "auth_scene.h"
#include "base/budget.h"

static void
a_question_is_a_form_post_to_the_end_point(void **state)
{
    (void)state;
    assert_int_equal(begin(0, 0, "private-a b/\xc3\xa9.1"), AUTH_OK);
    loop_turn(loop);
    assert_int_equal(fake_calls_open(), 1);
    assert_true(str_is(buffer_str(&fake_call(0)->path), "/broadcasting/auth"));
    assert_string_equal(fake_call(0)->origin.host, "app.test");
    assert_int_equal(fake_call(0)->origin.port, 8000);
    body_is(0, "channel_name=private-a%20b%2F%C3%A9.1");
    fake_answer_status(fake_call(0), 200);
    assert_int_equal(outcomes[0].verdicts, 1);
    assert_int_equal(outcomes[0].status, 200);
    assert_string_equal(outcomes[0].body, "body");
}

static void
never_more_than_the_cap_in_flight(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        assert_int_equal(begin(i, 0, "private-x"), AUTH_OK);
    for (int answered = 0; answered < 10; answered++) {
        loop_turn(loop);
        assert_int_equal(fake_calls_open(), answered < 9 ? 2 : 1);
        fake_answer_status(fake_call(0), 403);
    }
    loop_turn(loop);
    assert_int_equal(fake_posts, 10);
    for (int i = 0; i < 10; i++)
        assert_int_equal(outcomes[i].status, 403);
}

static void
a_long_line_does_not_hold_up_a_short_one(void **state)
{
    (void)state;
    limits.in_flight = 1;
    auth_set_limits(auth, &limits);
    begin(0, 0, "a1");
    begin(1, 0, "a2");
    begin(2, 0, "a3");
    begin(3, 1, "b1");
    begin(4, 2, "c1");
    begin(5, 2, "c2");
    static const char *const order[] = { "a1", "b1", "c1", "a2", "c2", "a3" };
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        char body[32];

        loop_turn(loop);
        assert_int_equal(fake_calls_open(), 1);
        (void)snprintf(body, sizeof(body), "channel_name=%s", order[i]);
        body_is(0, body);
        fake_answer_status(fake_call(0), 200);
    }
}

static void
a_raised_cap_is_used_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < 6; i++)
        begin(i, i % 3, "private-x");
    loop_turn(loop);
    assert_int_equal(fake_calls_open(), 2);
    limits.in_flight = 5;
    auth_set_limits(auth, &limits);
    loop_turn(loop);
    assert_int_equal(fake_calls_open(), 5);
}

static void
a_passing_failure_is_repeated_without_holding_a_slot(void **state)
{
    (void)state;
    limits.in_flight = 1;
    limits.retry_ms = 5000;
    auth_set_limits(auth, &limits);
    begin(0, 0, "first");
    begin(1, 0, "second");
    loop_turn(loop);
    fake_answer_failure(fake_call(0), HTTP_CALL_UNREACHABLE);
    loop_turn(loop);
    body_is(0, "channel_name=second");
    fake_answer_status(fake_call(0), 200);
    assert_int_equal(outcomes[0].verdicts, 0);
    wait_for_posts(3);
    body_is(0, "channel_name=first");
    fake_answer_status(fake_call(0), 503);
    assert_int_equal(outcomes[0].verdicts, 0);
    wait_for_posts(4);
    fake_answer_status(fake_call(0), 200);
    assert_int_equal(outcomes[0].verdicts, 1);
    assert_int_equal(outcomes[0].status, 200);
}

static void
these_are_repeated_and_those_are_not(void **state)
{
    static const struct {
        enum http_call_result result;
        unsigned status;
        bool repeated;
    } cases[] = {
        { HTTP_CALL_ANSWERED, 429, true },
        { HTTP_CALL_ANSWERED, 502, true },
        { HTTP_CALL_ANSWERED, 503, true },
        { HTTP_CALL_ANSWERED, 504, true },
        { HTTP_CALL_UNREACHABLE, 0, true },
        { HTTP_CALL_BROKEN, 0, true },
        { HTTP_CALL_ANSWERED, 500, false },
        { HTTP_CALL_ANSWERED, 403, false },
        { HTTP_CALL_ANSWERED, 302, false },
        { HTTP_CALL_UNTRUSTED, 0, false },
        { HTTP_CALL_TIMEOUT, 0, false },
    };

    (void)state;
    limits.retry_ms = 5000;
    auth_set_limits(auth, &limits);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        begin((int)i, 0, "private-x");
        loop_turn(loop);
        fake_answer(fake_call(0),
            &(struct http_answer){
                .result = cases[i].result, .status = cases[i].status, .error = "why" });
        assert_int_equal(outcomes[i].verdicts, cases[i].repeated ? 0 : 1);
        if (cases[i].repeated)
            auth_cancel(outcomes[i].ask);
        outcomes[i].ask = NULL;
    }
}

static void
when_the_time_is_over_the_last_answer_counts(void **state)
{
    (void)state;
    begin(0, 0, "private-x");
    begin(1, 0, "private-y");
    loop_turn(loop);
    fake_answer_status(fake_call(0), 503);
    fake_answer_failure(fake_call(0), HTTP_CALL_UNREACHABLE);
    assert_int_equal(outcomes[0].status, 503);
    assert_int_equal(outcomes[1].verdicts, 1);
    assert_int_equal(outcomes[1].status, 0);
    assert_string_equal(outcomes[1].cause, "authHost cannot be reached: the reason");
}

static void
causes_name_the_option(void **state)
{
    (void)state;
    begin(0, 0, "private-x");
    begin(1, 0, "private-x");
    loop_turn(loop);
    fake_answer_failure(fake_call(0), HTTP_CALL_UNTRUSTED);
    fake_answer_failure(fake_call(0), HTTP_CALL_TIMEOUT);
    assert_non_null(strstr(outcomes[0].cause, "authVerifyTls"));
    assert_non_null(strstr(outcomes[0].cause, "authCaPath"));
    assert_non_null(strstr(outcomes[1].cause, "1234 ms (authTimeout)"));
}

static void
a_page_is_not_a_verdict(void **state)
{
    static const char *const pages[] = { "<!DOCTYPE html>", " \r\n\t<html>", "<" };
    static const char *const verdicts[] = { "", "true", "{\"a\":\"<b>\"}", " ", "\"<\"" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pages) + COUNT_OF(verdicts); i++) {
        bool page = i < COUNT_OF(pages);
        const struct http_answer answer = { .status = 200,
            .body = str_of(page ? pages[i] : verdicts[i - COUNT_OF(pages)]) };

        begin(0, 0, "private-x");
        loop_turn(loop);
        fake_answer(fake_call(0), &answer);
        assert_int_equal(outcomes[0].status, page ? 0 : 200);
        if (page)
            assert_non_null(strstr(outcomes[0].cause, "HTML page"));
    }
}

static void
a_line_cannot_fill_the_memory(void **state)
{
    static char headers[12000];
    struct auth_question q = { .line = &lines[0], .channel = STR_LIT("private-x") };
    struct auth_ask *asks[1000];
    size_t n = 0;
    enum auth_refusal refusal;

    (void)state;
    (void)snprintf(headers, sizeof(headers), "{\"A\":\"%010000d\"}", 0);
    q.headers = str_of(headers);
    q.own_bytes = q.headers.len;
    while ((refusal = auth_begin(auth, &q, on_verdict, &outcomes[0], &asks[n])) == AUTH_OK)
        n++;
    assert_int_equal(refusal, AUTH_QUEUE_FULL);
    assert_true(budget_used(loop_budget(loop)) >= n * 200);
    assert_in_range(n, 300, 420);
    assert_true(lines[0].bytes <= AUTH_LINE_BYTES_MAX);
    q.own_bytes = 0; /* what others keep as well costs it nothing */
    assert_int_equal(auth_begin(auth, &q, on_verdict, &outcomes[2], &outcomes[2].ask), AUTH_OK);
    q.line = &lines[1];
    assert_int_equal(auth_begin(auth, &q, on_verdict, &outcomes[1], &outcomes[1].ask), AUTH_OK);
    while (n > 0)
        auth_cancel(asks[--n]);
    outcomes[0].ask = NULL;
}

static void
a_choice_that_is_no_url_is_a_verdict_in_a_later_turn(void **state)
{
    static const char *const hosts[] = { "http://a.test", ".example.com" };
    struct auth *other = open_with(hosts, 2);
    struct auth_question q = { .line = &lines[0],
        .channel = STR_LIT("private-x"),
        .referer = STR_LIT("http://elsewhere.test/") };
    uint64_t end = clock_ms() + 2000;

    (void)state;
    assert_non_null(other);
    assert_int_equal(auth_begin(other, &q, on_verdict, &outcomes[0], &outcomes[0].ask), AUTH_OK);
    assert_int_equal(outcomes[0].verdicts, 0);
    while (outcomes[0].verdicts == 0 && clock_ms() < end)
        loop_turn(loop);
    assert_int_equal(outcomes[0].verdicts, 1);
    assert_int_equal(outcomes[0].status, 0);
    assert_non_null(strstr(outcomes[0].cause, "authHost"));
    auth_close(other);
}

static void
another_target_is_asked_from_the_next_request_on(void **state)
{
    static const char *const hosts[] = { "http://other.test" };
    const struct auth_options o = { .hosts = hosts, .host_count = 1, .endpoint = "/ask" };
    struct auth_target *target = auth_target_new(&o, &error);

    (void)state;
    targets[target_count++] = target;
    for (int i = 0; i < 3; i++)
        assert_int_equal(begin(i, 0, "private-a"), AUTH_OK);
    loop_turn(loop);
    auth_set_target(auth, target);
    fake_answer_status(fake_call(0), 200);
    loop_turn(loop);
    assert_string_equal(fake_call(0)->origin.host, "app.test");
    assert_string_equal(fake_call(1)->origin.host, "other.test");
    assert_true(str_is(buffer_str(&fake_call(1)->path), "/ask"));
}

/* ---- the host after the Referer ---- */

static void
the_referer_chooses_the_host(void **state)
{
    static const char *const hosts[] = { "http://first.test", "https://shop.test:8443",
        "plain.test", ".example.com", ".other.com:8443", "http://last.test" };
    static const struct {
        const char *referer, *host;
        unsigned port;
        bool tls;
    } cases[] = {
        { "", "first.test", 80, false },
        { "http://first.test/page", "first.test", 80, false },
        { "https://shop.test:8443/a?b#c", "shop.test", 8443, true },
        { "https://SHOP.test:8443", "shop.test", 8443, true },
        { "https://shop.test/", "last.test", 80, false },
        { "https://plain.test/x", "plain.test", 443, true },
        { "http://plain.test/x", "plain.test", 80, false },
        { "https://a.example.com/", "a.example.com", 443, true },
        { "https://a.example.com:443/", "a.example.com", 443, true },
        { "https://a.example.com:444/", "last.test", 80, false },
        { "http://a.example.com:443/", "last.test", 80, false },
        { "http://a.example.com:17099/", "last.test", 80, false },
        { "ftp://a.example.com:80/", "last.test", 80, false },
        { "https://a.other.com:8443/", "a.other.com", 8443, true },
        { "https://a.other.com/", "last.test", 80, false },
        { "http://a.b.example.com/", "a.b.example.com", 80, false },
        { "http://example.com/", "last.test", 80, false },
        { "http://badexample.com/", "last.test", 80, false },
        { "http://a.example.com.evil.test/", "last.test", 80, false },
        { "http://evil.test/http://a.example.com", "last.test", 80, false },
        { "http://a.example.com@evil.test/", "last.test", 80, false },
        { "http://evil.test\\.example.com/", "last.test", 80, false },
        { "nonsense", "last.test", 80, false },
        { "http://", "last.test", 80, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct http_origin o;

        assert_true(auth_target_choose(hosts, COUNT_OF(hosts), str_of(cases[i].referer), &o));
        if (strcmp(o.host, cases[i].host) != 0)
            fail_msg("%s chose %s", cases[i].referer, o.host);
        assert_int_equal(o.port, cases[i].port);
        assert_int_equal(o.tls, cases[i].tls);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_is_a_form_post_to_the_end_point),
        TEST(never_more_than_the_cap_in_flight),
        TEST(a_long_line_does_not_hold_up_a_short_one),
        TEST(a_raised_cap_is_used_at_once),
        TEST(a_passing_failure_is_repeated_without_holding_a_slot),
        TEST(these_are_repeated_and_those_are_not),
        TEST(when_the_time_is_over_the_last_answer_counts),
        TEST(causes_name_the_option),
        TEST(a_page_is_not_a_verdict),
        TEST(a_line_cannot_fill_the_memory),
        TEST(a_choice_that_is_no_url_is_a_verdict_in_a_later_turn),
        TEST(another_target_is_asked_from_the_next_request_on),
        TEST(the_referer_chooses_the_host),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
