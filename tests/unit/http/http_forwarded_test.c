/* SPDX-License-Identifier: MIT */
/*
 * http_forwarded: from the right, as far as trust reaches.
 */
#include "http/http_forwarded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/proxies.h"
#include "http/http_request.h"

enum { LINES_MAX = 3 };

/* The address of a client of peer, with up to LINES_MAX lines of X-Forwarded-For. */
static void
client_is(const char *trust, const char *peer, const char *const *lines, const char *expected)
{
    struct http_header headers[LINES_MAX + 1] = { { STR_LIT("Host"), STR_LIT("h") } };
    struct http_request r = { .headers = headers, .header_count = 1, .peer = peer };
    struct buffer error = { 0 };
    struct proxies *p = trust ? proxies_new(&trust, 1, &error) : NULL;
    char out[ADDRESS_TEXT_SIZE];

    for (size_t i = 0; i < LINES_MAX && lines[i]; i++)
        headers[r.header_count++] =
            (struct http_header){ STR_LIT("x-forwarded-for"), str_of(lines[i]) };
    assert_string_equal(http_forwarded_client(p, &r, out), expected);
    proxies_free(p);
}

#define LINES(...) ((const char *const[LINES_MAX]){ __VA_ARGS__ })

static void
nobody_is_believed_who_is_not_trusted(void **state)
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
what_is_no_address_ends_the_list(void **state)
{
    (void)state;
    client_is("true", "127.0.0.1", LINES(NULL), "127.0.0.1");
    client_is("true", "127.0.0.1", LINES(""), "127.0.0.1");
    client_is("true", "127.0.0.1", LINES(","), "127.0.0.1");
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
        .headers = &header, .header_count = proto ? 1 : 0, .peer = "127.0.0.1", .tls = tls
    };
    struct buffer error = { 0 };
    struct proxies *p = proxies_new(&trust, 1, &error);
    bool secure = http_forwarded_secure(p, &r);

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
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_believed_who_is_not_trusted),
        cmocka_unit_test(lines_are_one_list),
        cmocka_unit_test(what_is_no_address_ends_the_list),
        cmocka_unit_test(a_unix_socket_is_on_this_machine),
        cmocka_unit_test(the_scheme_is_the_first_one_of_a_trusted_proxy),
    };

    return cmocka_run_group_tests_name("http/http_forwarded", tests, NULL, NULL);
}
