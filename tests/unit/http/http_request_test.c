/* SPDX-License-Identifier: MIT */
/*
 * Tests of http_request.
 */
#include "http/http_request.h"

#include "talk.h"

static void
headers_are_found_in_any_case(void **state)
{
    const struct http_header headers[] = {
        { STR_LIT("Host"), STR_LIT("a") },
        { STR_LIT("X-A"), STR_LIT("1") },
        { STR_LIT("x-a"), STR_LIT("2") },
        { STR_LIT("Empty"), STR_LIT("") },
    };
    const struct http_request r = { .headers = headers, .header_count = COUNT_OF(headers) };

    (void)state;
    assert_true(str_is(http_request_header(&r, "x-A"), "1"));
    assert_non_null(http_request_header(&r, "empty").data);
    assert_null(http_request_header(&r, "None").data);
    assert_null(http_request_header(&r, "X").data);
}

static void
tokens_are_found_in_lists(void **state)
{
    const struct http_header headers[] = {
        { STR_LIT("Connection"), STR_LIT("keep-alive, ,upGRADE ,x") },
        { STR_LIT("connection"), STR_LIT("last") },
    };
    const struct http_request r = { .headers = headers, .header_count = COUNT_OF(headers) };

    (void)state;
    assert_true(http_request_has_token(&r, "Connection", "Upgrade"));
    assert_true(http_request_has_token(&r, "Connection", "keep-alive"));
    assert_true(http_request_has_token(&r, "Connection", "last"));
    assert_false(http_request_has_token(&r, "Connection", "keep"));
    assert_false(http_request_has_token(&r, "Upgrade", "x"));
}

static bool
accepts(const char *value, const char *coding)
{
    const struct http_header header = { STR_LIT("Accept-Encoding"), str_of(value) };
    const struct http_request r = { .headers = &header, .header_count = value ? 1 : 0 };

    return http_request_accepts(&r, coding);
}

static void
codings_have_weights(void **state)
{
    (void)state;
    assert_true(accepts("gzip, deflate, br", "gzip"));
    assert_true(accepts("deflate;q=0.5,GZIP ; q=0.001", "gzip"));
    assert_true(accepts("*", "gzip"));
    assert_true(accepts("br;q=1.0, *;q=0.1", "gzip"));
    assert_true(accepts("*;q=0, gzip", "gzip"));
    assert_true(accepts("gzip;x=0;q=1", "gzip"));
    assert_true(accepts("gzip;q=", "gzip"));
    assert_false(accepts(NULL, "gzip"));
    assert_false(accepts("", "gzip"));
    assert_false(accepts("identity", "gzip"));
    assert_false(accepts("gzip;q=0", "gzip"));
    assert_false(accepts("gzip; Q=0.000, *", "gzip"));
    assert_false(accepts("*;q=0", "gzip"));
    assert_false(accepts("xgzip", "gzip"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(headers_are_found_in_any_case),
        TEST(tokens_are_found_in_lists),
        TEST(codings_have_weights),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
