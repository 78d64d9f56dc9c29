/* SPDX-License-Identifier: MIT */
/*
 * Tests of http_origin.
 */
#include "http/http_origin.h"

#include "talk.h"

static struct http_origin
parsed(const char *url)
{
    struct http_origin o;

    if (!http_origin_parse(str_of(url), &o))
        fail_msg("%s is not an origin", url);
    return o;
}

static void
url_is_taken_apart(void **state)
{
    struct http_origin o = parsed("http://app.test");

    (void)state;
    assert_false(o.tls);
    assert_string_equal(o.host, "app.test");
    assert_int_equal(o.port, 80);
    assert_string_equal(o.base, "");
    o = parsed("HTTPS://app.test:8443/a/b//?q=/#f");
    assert_true(o.tls);
    assert_int_equal(o.port, 8443);
    assert_string_equal(o.base, "/a/b");
    o = parsed("https://[2001:db8::1]/");
    assert_string_equal(o.host, "2001:db8::1");
    assert_int_equal(o.port, 443);
    assert_string_equal(o.base, "");
    o = parsed("http://[::1]:81?x");
    assert_int_equal(o.port, 81);
}

static void
what_is_no_origin(void **state)
{
    static const char *const wrong[] = { "", "app.test", "ftp://app.test", "http:/app.test",
        "http://", "http:///", "http://:80", "http://a:0", "http://a:65536", "http://a:x",
        "http://a:80:80", "http://u@a", "http://u:p@a", "http://a b", "http://a/b c",
        "http://a/\r\nX: y", "http://a\r\n", "http://[::1", "http://[x]", "http://[::1]x",
        "http://::1", "http://a\\b" };
    struct http_origin o;
    char text[2000];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(http_origin_parse(str_of(wrong[i]), &o));
    memset(text, 'a', sizeof(text));
    memcpy(text, "http://", 7);
    assert_false(http_origin_parse(str_slice(text, 7 + 256), &o));
    assert_true(http_origin_parse(str_slice(text, 7 + 255), &o));
    text[8] = '/';
    assert_false(http_origin_parse(str_slice(text, 8 + 512), &o));
    assert_true(http_origin_parse(str_slice(text, 8 + 511), &o));
    assert_false(http_origin_parse(str_slice("http://a\0b", 10), &o));
}

static void
loopback_is_known(void **state)
{
    static const char *const here[] = { "http://localhost", "http://LocalHost:1",
        "http://127.0.0.1", "http://127.9.9.9", "http://[::1]", "http://[0:0::1]" };
    static const char *const elsewhere[] = { "http://127.example.test", "http://128.0.0.1",
        "http://localhost.test", "http://[::2]", "http://10.127.0.1" };
    struct http_origin o;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(here); i++) {
        o = parsed(here[i]);
        assert_true(http_origin_is_loopback(&o));
    }
    for (size_t i = 0; i < COUNT_OF(elsewhere); i++) {
        o = parsed(elsewhere[i]);
        assert_false(http_origin_is_loopback(&o));
    }
}

static void
origins_are_compared(void **state)
{
    struct http_origin a = parsed("http://a/x"), b = parsed("http://A:80/y");
    struct http_origin c = parsed("https://a:80"), d = parsed("http://a:81");

    (void)state;
    assert_true(http_origin_same(&a, &b));
    assert_false(http_origin_same(&a, &c));
    assert_false(http_origin_same(&a, &d));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(url_is_taken_apart),
        TEST(what_is_no_origin),
        TEST(loopback_is_known),
        TEST(origins_are_compared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
