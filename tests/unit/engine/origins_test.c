/* SPDX-License-Identifier: MIT */
/*
 * origins: the forms that socket.io 2's `origins` knows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "http/http_request.h"
#include "origins.h"

static bool
admits(const char *entry, const char *header, const char *value)
{
    const char *const list[] = { "http://other.test:1", entry, NULL };
    const struct http_header headers[] = { { str_of(header), str_of(value) } };
    const struct http_request r = { .headers = headers, .header_count = value ? 1 : 0 };

    return origins_admit(list, &r);
}

static void
no_list_admits_all(void **state)
{
    const struct http_request r = { 0 };
    (void)state;
    assert_true(origins_admit(NULL, &r));
    assert_true(admits("*:*", "Origin", NULL));
    assert_true(admits("*:*", "Origin", "https://a.test"));
}

static void
an_entry_names_scheme_host_and_port(void **state)
{
    (void)state;
    assert_true(admits("http://a.test:80", "Origin", "http://a.test"));
    assert_true(admits("https://a.test:443", "Origin", "https://A.test"));
    assert_true(admits("http://a.test:8080", "Origin", "http://a.test:8080"));
    assert_false(admits("http://a.test:80", "Origin", "https://a.test"));
    assert_false(admits("http://a.test:80", "Origin", "http://a.test:8080"));
    assert_false(admits("http://a.test:80", "Origin", "http://test"));
    assert_false(admits("http://a.test:80", "Origin", "http://a.test.evil.test"));
}

static void
parts_may_be_left_open(void **state)
{
    (void)state;
    assert_true(admits("a.test:443", "Origin", "https://a.test"));
    assert_true(admits("a.test:*", "Origin", "http://a.test:9"));
    assert_false(admits("a.test:*", "Origin", "http://b.test:9"));
    assert_true(admits("*:9", "Origin", "http://b.test:9"));
    assert_true(admits("[::1]:9", "Origin", "http://[::1]:9"));
    assert_true(admits("[::1]:80", "Origin", "http://[::1]"));
}

static void
the_referer_stands_in_for_a_missing_origin(void **state)
{
    (void)state;
    assert_true(admits("a.test:80", "Referer", "http://a.test/page?x=1"));
    assert_false(admits("a.test:80", "Referer", "http://b.test/a.test:80"));
}

static void
no_page_is_refused_by_every_named_list(void **state)
{
    (void)state;
    assert_false(admits("a.test:*", "Origin", NULL));
    assert_false(admits("a.test:*", "Origin", "null"));
}

static void
odd_texts_do_no_harm(void **state)
{
    static const char *const texts[] = { ":", "://", "http://", "http://:", "http://[", "[", "/",
        "http://[::1", "http://a.test:" };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(admits("b.test:*", "Origin", texts[i]));
}

/* ---- allowedOrigins ---- */

static bool
allows(const char *entry, const char *origin)
{
    const char *const list[] = { "https://other.test", entry, NULL };
    const struct http_header header = { STR_LIT("Origin"), str_of(origin) };
    const struct http_request r = { .headers = &header, .header_count = 1 };

    return origins_allow(list, &r, false);
}

static void
an_allowed_origin_is_exact_in_scheme_and_port(void **state)
{
    (void)state;
    assert_true(allows("https://a.test", "https://A.test"));
    assert_true(allows("https://a.test:443", "https://a.test"));
    assert_true(allows("https://a.test/", "https://a.test"));
    assert_false(allows("https://a.test", "http://a.test"));
    assert_false(allows("https://a.test", "https://a.test:8443"));
    assert_true(allows("http://[::1]:9", "http://[::1]:9"));
    assert_true(allows("http://localhost:*", "http://localhost:3000"));
    assert_false(allows("https://a.test", "null"));
    assert_true(allows("null", "null"));
}

static void
an_entry_without_a_scheme_leaves_open_what_it_does_not_say(void **state)
{
    (void)state;
    assert_true(allows("a.test", "http://a.test:8080"));
    assert_true(allows("a.test:8080", "https://a.test:8080"));
    assert_false(allows("a.test:8080", "https://a.test"));
    assert_false(allows("a.test", "https://b.test"));
}

static void
a_wildcard_is_what_lies_below_a_domain(void **state)
{
    (void)state;
    assert_true(allows("*.a.test", "https://x.a.test"));
    assert_true(allows("https://*.a.test", "https://x.y.a.test"));
    assert_false(allows("https://*.a.test", "http://x.a.test"));
    assert_false(allows("*.a.test", "https://a.test"));
    assert_false(allows("*.a.test", "https://xa.test"));
    assert_false(allows("*.a.test", "https://.a.test.evil.test"));
}

static void
who_names_no_page_is_none_unless_it_asks_for_a_script(void **state)
{
    const char *const list[] = { "https://a.test", NULL };
    const struct http_header referer = { STR_LIT("Referer"), STR_LIT("https://a.test/x") };
    const struct http_request no_page = { 0 };
    const struct http_request page = { .headers = &referer, .header_count = 1 };

    (void)state;
    assert_true(origins_allow(list, &no_page, false));
    assert_false(origins_allow(list, &no_page, true));
    assert_true(origins_allow(list, &page, true));
    assert_true(origins_allow(NULL, &no_page, true));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_list_admits_all),
        cmocka_unit_test(an_entry_names_scheme_host_and_port),
        cmocka_unit_test(parts_may_be_left_open),
        cmocka_unit_test(the_referer_stands_in_for_a_missing_origin),
        cmocka_unit_test(no_page_is_refused_by_every_named_list),
        cmocka_unit_test(odd_texts_do_no_harm),
        cmocka_unit_test(an_allowed_origin_is_exact_in_scheme_and_port),
        cmocka_unit_test(an_entry_without_a_scheme_leaves_open_what_it_does_not_say),
        cmocka_unit_test(a_wildcard_is_what_lies_below_a_domain),
        cmocka_unit_test(who_names_no_page_is_none_unless_it_asks_for_a_script),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
