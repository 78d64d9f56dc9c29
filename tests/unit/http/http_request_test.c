/* SPDX-License-Identifier: MIT */
/*
 * Tests of http_request.
 */
#include "http/http_request.h"

#include "base/buffer.h"
#include "base/proxies.h"
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

/* ---- who the client is ---- */

enum { LINES_MAX = 3 };

/* The address of a client of peer, with up to LINES_MAX lines of X-Forwarded-For. */
static void
client_is(const char *trust, const char *peer, const char *const *lines, const char *expected)
{
    struct http_header headers[LINES_MAX + 1] = { { STR_LIT("Host"), STR_LIT("h") } };
    struct http_request r = { .headers = headers, .header_count = 1 };
    struct buffer error = { 0 };
    struct proxies *p = trust ? proxies_new(&trust, 1, &error) : NULL;
    char out[ADDRESS_TEXT_SIZE];

    r.local = !address_parse(str_of(peer), &r.peer);
    if (r.local)
        r.peer = address_loopback();
    for (size_t i = 0; i < LINES_MAX && lines[i]; i++)
        headers[r.header_count++] =
            (struct http_header){ STR_LIT("x-forwarded-for"), str_of(lines[i]) };
    assert_string_equal(http_request_client(&r, p, out), expected);
    proxies_free(p);
}

#define LINES(...) ((const char *const[LINES_MAX]){ __VA_ARGS__ })

static void
only_trusted_proxies_are_believed(void **state)
{
    (void)state;
    client_is(NULL, "127.0.0.1", LINES("192.0.2.1"), "127.0.0.1");
    client_is("false", "127.0.0.1", LINES("192.0.2.1"), "127.0.0.1");
    client_is("loopback", "198.51.100.9", LINES("192.0.2.1"), "198.51.100.9");
    client_is("loopback", "127.0.0.1", LINES("203.0.113.5, 192.0.2.1"), "192.0.2.1");
}

static void
lines_are_one_list(void **state)
{
    (void)state;
    client_is("loopback", "127.0.0.1", LINES("203.0.113.5", "192.0.2.1"), "192.0.2.1");
    client_is("loopback", "127.0.0.1", LINES("203.0.113.5", "192.0.2.1, 127.0.0.2"), "192.0.2.1");
    client_is("true", "127.0.0.1", LINES("203.0.113.5", "192.0.2.1", "127.0.0.2"), "203.0.113.5");
}

static void
what_is_not_an_address_ends_the_list(void **state)
{
    (void)state;
    client_is("true", "127.0.0.1", LINES(NULL), "127.0.0.1");
    client_is("true", "127.0.0.1", LINES(""), "127.0.0.1");
    client_is("true", "127.0.0.1", LINES(","), "127.0.0.1");
    client_is("true", "127.0.0.1", LINES("203.0.113.5", "", "192.0.2.1"), "192.0.2.1");
    client_is("true", "127.0.0.1", LINES("203.0.113.5, unknown, 192.0.2.1"), "192.0.2.1");
}

static void
a_unix_socket_is_on_this_machine(void **state)
{
    (void)state;
    client_is("loopback", "unix", LINES("192.0.2.1"), "192.0.2.1");
    client_is("loopback", "unix", LINES(NULL), "unix");
    client_is("10.0.0.0/8", "unix", LINES("192.0.2.1"), "unix");
}

static bool
is_secure(const char *trust, bool tls, const char *proto)
{
    struct http_header header = { STR_LIT("X-Forwarded-Proto"), str_of(proto) };
    struct http_request r = {
        .headers = &header,
        .header_count = proto ? 1 : 0,
        .peer = address_loopback(),
        .tls = tls,
    };
    struct buffer error = { 0 };
    struct proxies *p = proxies_new(&trust, 1, &error);
    bool secure = http_request_secure(&r, p);

    proxies_free(p);
    return secure;
}

static void
the_scheme_is_the_first_one_of_a_trusted_proxy(void **state)
{
    (void)state;
    assert_true(is_secure("loopback", false, "https"));
    assert_true(is_secure("loopback", false, "HTTPS, http"));
    assert_false(is_secure("loopback", false, "http, https"));
    assert_false(is_secure("false", false, "https"));
    assert_true(is_secure("false", true, NULL));
    assert_true(is_secure("loopback", true, "http"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(headers_are_found_in_any_case),
        TEST(codings_have_weights),
        TEST(only_trusted_proxies_are_believed),
        TEST(lines_are_one_list),
        TEST(what_is_not_an_address_ends_the_list),
        TEST(a_unix_socket_is_on_this_machine),
        TEST(the_scheme_is_the_first_one_of_a_trusted_proxy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
