/* SPDX-License-Identifier: MIT */
/*
 * pages_test: which requests the bundles and the demo page answer, and with what.  The exchange is
 * a fake that records the reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "http/http_conn.h"
#include "pages/pages.h"

struct http_exchange {
    unsigned status;
    const char *type;
    struct buffer headers, body;
};

void
http_exchange_reply(struct http_exchange *x, const struct http_reply *reply)
{
    x->status = reply->status;
    x->type = reply->type;
    buffer_append_str(&x->headers, reply->headers);
    buffer_append_str(&x->body, reply->body);
}

void
http_exchange_reply_text(
    struct http_exchange *x, unsigned status, const char *type, const char *body)
{
    http_exchange_reply(
        x, &(struct http_reply){ .status = status, .type = type, .body = str_of(body) });
}

struct str
http_request_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (str_is_nocase(r->headers[i].name, name))
            return r->headers[i].value;
    return (struct str){ 0 };
}

static const struct pages_options plain = { .path = "/socket.io/", .serve_client = true };

static void
forget(struct http_exchange *x)
{
    buffer_fini(&x->headers);
    buffer_fini(&x->body);
}

/* Offer one GET with at most one header; false when pages did not want it. */
static bool
get(const struct pages_options *o, const char *path, const char *name, const char *value,
    struct http_exchange *x)
{
    struct http_header header = { str_of(name), str_of(value) };
    struct http_request r = { .method = HTTP_METHOD_GET,
        .path = str_of(path),
        .headers = &header,
        .header_count = name ? 1 : 0 };
    struct pages *p = pages_open(o);
    bool taken;

    *x = (struct http_exchange){ 0 };
    taken = pages_offer(p, x, &r);
    pages_close(p);
    return taken;
}

static void
the_first_generation_lies_where_pages_expect_it(void **state)
{
    struct http_exchange x;

    (void)state;
    assert_true(get(&plain, "/socket.io/socket.io.js", NULL, NULL, &x));
    assert_int_equal(x.status, 200);
    assert_string_equal(x.type, "application/javascript");
    assert_true(str_contains(buffer_str(&x.headers), "ETag: \"2."));
    assert_true(x.body.len > 50000);
    forget(&x);
    assert_true(get(&plain, "/socket.io/socket.io.jsfoo", NULL, NULL, &x));
    assert_int_equal(x.status, 200);
    forget(&x);
}

static void
the_map_is_not_the_script(void **state)
{
    struct http_exchange x;

    (void)state;
    assert_true(get(&plain, "/socket.io/socket.io.js.map", NULL, NULL, &x));
    assert_string_equal(x.type, "application/json");
    assert_false(str_contains(buffer_str(&x.headers), "Cache-Control"));
    forget(&x);
}

static void
the_fourth_generation_has_its_own_folder(void **state)
{
    struct http_exchange x;

    (void)state;
    assert_true(get(&plain, "/socket.io/v4/socket.io.js", NULL, NULL, &x));
    assert_int_equal(x.status, 200);
    assert_true(str_contains(buffer_str(&x.headers), "ETag: \"4."));
    assert_true(str_contains(buffer_str(&x.body), "Socket.IO v4"));
    forget(&x);
}

static void
a_known_version_is_not_sent_again(void **state)
{
    struct http_exchange x;

    (void)state;
    assert_true(get(&plain, "/socket.io/socket.io.js", "If-None-Match", "\"2.5.0\"", &x));
    assert_int_equal(x.status, 304);
    assert_int_equal(x.body.len, 0);
    forget(&x);
    assert_true(get(&plain, "/socket.io/socket.io.js", "If-None-Match", "W/\"2.5.0\"", &x));
    assert_int_equal(x.status, 200);
    forget(&x);
}

static void
other_paths_are_left_to_the_engine(void **state)
{
    struct pages_options off = { .path = "/socket.io/", .serve_client = false };
    struct http_exchange x;

    (void)state;
    assert_false(get(&plain, "/socket.io/", NULL, NULL, &x));
    assert_false(get(&plain, "/socket.io/socket.io.slim.js", NULL, NULL, &x));
    assert_false(get(&plain, "/", "Host", "localhost:6001", &x));
    assert_false(get(&off, "/socket.io/socket.io.js", NULL, NULL, &x));
}

static void
the_demo_page_is_for_loopback_names_alone(void **state)
{
    struct pages_options demo = {
        .path = "/socket.io/", .serve_client = true, .demo_app_id = "an-app", .demo_key = "a-key"
    };
    struct http_exchange x;

    (void)state;
    assert_true(get(&demo, "/", "Host", "localhost:6001", &x));
    assert_true(str_contains(buffer_str(&x.body), "id: 'an-app', key: 'a-key'"));
    assert_false(str_contains(buffer_str(&x.body), "{{"));
    forget(&x);
    assert_true(get(&demo, "/", "Host", "[::1]:6001", &x));
    forget(&x);
    assert_false(get(&demo, "/", "Host", "evil.example:6001", &x));
    assert_false(get(&demo, "/", NULL, NULL, &x));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_generation_lies_where_pages_expect_it),
        cmocka_unit_test(the_map_is_not_the_script),
        cmocka_unit_test(the_fourth_generation_has_its_own_folder),
        cmocka_unit_test(a_known_version_is_not_sent_again),
        cmocka_unit_test(other_paths_are_left_to_the_engine),
        cmocka_unit_test(the_demo_page_is_for_loopback_names_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
