/* SPDX-License-Identifier: MIT */
/*
 * auth_request: which headers of the browser reach the application.
 */
#include "auth_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/buffer.h"

#define OWN                                                                                        \
    "X-Requested-With: XMLHttpRequest\r\n"                                                         \
    "Content-Type: application/x-www-form-urlencoded\r\n"
#define AGENT "User-Agent: echo-server\r\n"

static const struct auth_limits limits = { .headers = 3, .header_bytes = 100 };

static void
gives(const char *headers, const char *cookie, const char *expected)
{
    const struct auth_question q = { .headers = str_of(headers), .cookie = str_of(cookie) };
    struct buffer out = { 0 };

    assert_int_equal(auth_request_headers(&q, &limits, &out), AUTH_OK);
    if (!str_is(buffer_str(&out), expected))
        fail_msg("%s gave:\n%.*s", headers, STR_ARG(buffer_str(&out)));
    buffer_fini(&out);
}

static void
headers_of_the_browser_pass(void **state)
{
    (void)state;
    gives("{\"X-CSRF-TOKEN\":\"t\",\"Authorization\":\"Bearer x\"}", "",
        OWN AGENT "X-CSRF-TOKEN: t\r\nAuthorization: Bearer x\r\n");
    gives("", "", OWN AGENT);
    gives("{}", "", OWN AGENT);
    gives("[1]", "", OWN AGENT);
    gives("{\"User-agent\":\"mine\"}", "", OWN "User-agent: mine\r\n");
}

static void
values_become_text_as_in_javascript(void **state)
{
    (void)state;
    gives(
        "{\"A\":1.50,\"B\":true,\"C\":false}", "", OWN AGENT "A: 1.50\r\nB: true\r\nC: false\r\n");
    gives("{\"A\":null,\"B\":{},\"C\":[\"x\"],\"D\":\"\"}", "", OWN AGENT "D: \r\n");
    gives("{\"A\":\"\\u00e9\"}", "", OWN AGENT "A: \xc3\xa9\r\n");
}

/* A page cannot say for its visitor what an application believes only from its proxy. */
static void
what_a_proxy_would_say_is_withheld(void **state)
{
    static const char *const names[] = { "X-Forwarded-For", "x-forwarded-host", "X_Forwarded_Proto",
        "X-Forwarded_Prefix", "X-FORWARDED-ANYTHING", "Forwarded", "X-Real-IP", "X_REAL_IP",
        "CF-Connecting-IP", "True-Client-IP", "X-Original-URL", "X-Rewrite-URL", "Proxy",
        "Content_Length", "Content_Type" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char headers[128];

        (void)snprintf(headers, sizeof(headers), "{\"%s\":\"x\"}", names[i]);
        gives(headers, "", OWN AGENT);
    }
    gives(
        "{\"X-Forward\":\"x\",\"Proxied\":\"y\"}", "", OWN AGENT "X-Forward: x\r\nProxied: y\r\n");
}

static void
exceptions_are_named(void **state)
{
    static const char *const forward[] = { "x-real-ip", "X-Forwarded-Host", "Host" };
    const struct auth_limits some = {
        .headers = 9, .header_bytes = 900, .forward = forward, .forward_count = COUNT_OF(forward)
    };
    const struct auth_question q = {
        .headers = STR_LIT(
            "{\"X-Real-IP\":\"a\",\"X_Forwarded_Host\":\"b\",\"Host\":\"c\",\"Proxy\":\"d\"}")
    };
    struct buffer out = { 0 };

    (void)state;
    assert_int_equal(auth_request_headers(&q, &some, &out), AUTH_OK);
    assert_true(str_is(buffer_str(&out), OWN AGENT "X-Real-IP: a\r\nX_Forwarded_Host: b\r\n"));
    buffer_fini(&out);
}

static void
the_client_is_named(void **state)
{
    const struct auth_question q = { .address = STR_LIT("192.0.2.7"),
        .headers = STR_LIT("{\"X-Forwarded-For\":\"10.0.0.1\"}") };
    struct buffer out = { 0 };

    (void)state;
    assert_int_equal(auth_request_headers(&q, &limits, &out), AUTH_OK);
    assert_true(str_is(buffer_str(&out), OWN AGENT "X-Forwarded-For: 192.0.2.7\r\n"));
    buffer_fini(&out);
}

static void
what_would_change_the_request_is_withheld(void **state)
{
    static const char *const names[] = { "Host", "hOST", "Content-Length", "Content-Type",
        "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer", "Upgrade", "Expect",
        "Proxy-Authorization", "proxy-x", "Accept-Encoding", "X-Requested-With", "Content-Encoding",
        "X-HTTP-Method-Override" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char headers[128];

        (void)snprintf(headers, sizeof(headers), "{\"%s\":\"x\"}", names[i]);
        gives(headers, "", OWN AGENT);
    }
    gives("{\"Hosts\":\"x\",\"Tea\":\"y\"}", "", OWN AGENT "Hosts: x\r\nTea: y\r\n");
}

static void
nothing_can_end_a_line_early(void **state)
{
    (void)state;
    gives("{\"A\":\"x\\r\\nHost: y\"}", "", OWN AGENT);
    gives("{\"A\\r\\nHost\":\"y\"}", "", OWN AGENT);
    gives("{\"A\":\"x\\u0000\"}", "", OWN AGENT);
    gives("{\"A\":\"x\\u007f\"}", "", OWN AGENT);
    gives("{\"A b\":\"x\",\"\":\"x\",\"A:\":\"x\",\"\\u00e9\":\"x\",\"A\\u0000\":\"x\"}", "",
        OWN AGENT);
}

static void
the_cookie_is_the_handshakes_unless_given(void **state)
{
    (void)state;
    gives("{}", "a=b", OWN AGENT "Cookie: a=b\r\n");
    gives("{\"cookie\":\"c=d\"}", "a=b", OWN AGENT "cookie: c=d\r\n");
    gives("{\"Cookie\":\"\"}", "a=b", OWN AGENT "Cookie: a=b\r\n");
    gives("{\"Cookie\":null}", "a=b", OWN AGENT "Cookie: a=b\r\n");
}

static void
of_equal_names_the_last_counts(void **state)
{
    (void)state;
    gives("{\"A\":\"1\",\"B\":\"2\",\"a\":\"3\",\"A\":\"4\"}", "", OWN AGENT "A: 4\r\nB: 2\r\n");
}

static void
limits_hold(void **state)
{
    struct auth_question q = { .headers = STR_LIT("{\"A\":1,\"B\":2,\"C\":3,\"D\":4}") };
    struct buffer out = { 0 };
    char large[300];

    (void)state;
    assert_int_equal(auth_request_headers(&q, &limits, &out), AUTH_TOO_MANY_HEADERS);
    (void)snprintf(large, sizeof(large), "{\"A\":\"%0100d\"}", 1);
    q.headers = str_of(large);
    assert_int_equal(auth_request_headers(&q, &limits, &out), AUTH_HEADERS_TOO_LARGE);
    (void)snprintf(large, sizeof(large), "{\"A\":\"%099d\"}", 1);
    q.headers = str_of(large);
    assert_int_equal(auth_request_headers(&q, &limits, &out), AUTH_OK);
    q.headers = STR_LIT("{\"A\":1,\"B\":2,\"C\":3,\"Host\":4,\"D\":null}");
    assert_int_equal(auth_request_headers(&q, &limits, &out), AUTH_OK);
    (void)snprintf(large, sizeof(large), "{\"Host\":\"%0200d\"}", 1); /* not passed on, but kept */
    q.headers = str_of(large);
    assert_int_equal(auth_request_headers(&q, &limits, &out), AUTH_HEADERS_TOO_LARGE);
    buffer_fini(&out);
}

static void
the_body_is_form_encoded(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    auth_request_body(STR_LIT("private-A_z.~0 &=+%!'()*\n"), &out);
    assert_true(
        str_is(buffer_str(&out), "channel_name=private-A_z.~0%20%26%3D%2B%25%21%27%28%29%2A%0A"));
    buffer_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_of_the_browser_pass),
        cmocka_unit_test(what_a_proxy_would_say_is_withheld),
        cmocka_unit_test(exceptions_are_named),
        cmocka_unit_test(the_client_is_named),
        cmocka_unit_test(values_become_text_as_in_javascript),
        cmocka_unit_test(what_would_change_the_request_is_withheld),
        cmocka_unit_test(nothing_can_end_a_line_early),
        cmocka_unit_test(the_cookie_is_the_handshakes_unless_given),
        cmocka_unit_test(of_equal_names_the_last_counts),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(the_body_is_form_encoded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
