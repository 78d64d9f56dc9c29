/* SPDX-License-Identifier: MIT */
/*
 * api: requests on a fake connection, with a hub whose loops the test turns by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "api/api.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "http/http_conn.h"
#include "http/http_request.h"
#include "hub/hub.h"
#include "hub/hub_link.h"
#include "net/loop.h"

/* ---- a fake of http_conn ---- */

struct http_exchange {
    struct http_request request;
    struct buffer headers, body;
    unsigned status;
    const struct http_exchange_handlers *handlers;
    void *owner;
};

void
http_exchange_take(
    struct http_exchange *x, size_t body_limit, const struct http_exchange_handlers *h, void *owner)
{
    assert_true(body_limit > 0);
    x->handlers = h;
    x->owner = owner;
}

void
http_exchange_reply(struct http_exchange *x, const struct http_reply *reply)
{
    assert_int_equal(x->status, 0);
    x->status = reply->status;
    buffer_append_str(&x->headers, reply->headers);
    buffer_append_str(&x->body, reply->body);
}

const struct http_request *
http_exchange_request(const struct http_exchange *x)
{
    return &x->request;
}

struct str
http_request_header(const struct http_request *r, const char *name)
{
    for (size_t i = 0; i < r->header_count; i++)
        if (str_is_nocase(r->headers[i].name, name))
            return r->headers[i].value;
    return (struct str){ 0 };
}

const char *
http_request_client(
    const struct http_request *r, const struct proxies *proxies, char out[ADDRESS_TEXT_SIZE])
{
    (void)proxies;
    return address_text(&r->peer, out);
}

/* ---- a house: hub, link, api, and what was broadcast ---- */

struct house {
    struct loop *hub_loop, *loop;
    struct hub *hub;
    struct hub_link *link;
    struct api *api;
    struct bytes *joined[2];
    struct buffer heard;
};

static const struct api_client clients[] = { { "app", "key" }, { "two", "k2" } };
static const struct api_limits limits = { .clients = clients,
    .client_count = COUNT_OF(clients),
    .body_bytes = 1000,
    .events = true,
    .cors_headers = "Access-Control-Allow-Origin: *\r\n",
    .extra_headers = "X-A: b\r\n" };

static void
on_broadcast(void *owner, struct str channel, struct bytes *text, struct str except)
{
    struct house *h = owner;

    buffer_printf(
        &h->heard, "%.*s|%.*s|%.*s\n", STR_ARG(channel), STR_ARG(bytes_str(text)), STR_ARG(except));
}

static const struct hub_link_handlers link_events = { .on_broadcast = on_broadcast };

static void
turn(struct house *h)
{
    for (int i = 0; i < 4; i++) {
        loop_turn(h->hub_loop);
        loop_turn(h->loop);
    }
}

static int
open_house(void **state)
{
    struct house *h = calloc(1, sizeof(*h));

    h->hub_loop = loop_new();
    h->loop = loop_new();
    h->hub = hub_open(h->hub_loop, &(struct hub_options){ .workers = 1, .mailbox_bytes = 1 << 20 });
    h->link = hub_link_open(h->loop, h->hub, 0);
    hub_link_attach(h->link, &link_events, h);
    h->api = api_open(h->link, &limits);
    h->joined[0] = bytes_new("news", 4);
    h->joined[1] = bytes_new("a/\xc3\xa9", 4);
    hub_link_join(h->link, h->joined[0]);
    hub_link_join(h->link, h->joined[1]);
    *state = h;
    return 0;
}

static int
close_house(void **state)
{
    struct house *h = *state;

    api_close(h->api);
    hub_link_close(h->link);
    loop_stop(h->loop);
    loop_run(h->loop);
    hub_stop(h->hub);
    loop_run(h->hub_loop);
    hub_link_free(h->link);
    hub_free(h->hub);
    loop_free(h->loop);
    loop_free(h->hub_loop);
    bytes_unref(h->joined[0]);
    bytes_unref(h->joined[1]);
    buffer_fini(&h->heard);
    free(h);
    return 0;
}

/* ---- requests ---- */

static void
forget(struct http_exchange *x)
{
    buffer_fini(&x->headers);
    buffer_fini(&x->body);
}

static bool
offer(struct house *h, struct http_exchange *x, enum http_method method, const char *path,
    const char *query, const char *authorization)
{
    const struct http_header header = { STR_LIT("Authorization"), str_of(authorization) };
    struct address client;

    assert_true(address_parse(STR_LIT("192.0.2.1"), &client));

    *x = (struct http_exchange){ .request = { .method = method,
                                     .path = str_of(path),
                                     .query = str_of(query),
                                     .headers = &header,
                                     .header_count = authorization ? 1 : 0,
                                     .peer = client } };
    return api_offer(h->api, x, &x->request);
}

static void
expect(struct http_exchange *x, unsigned status, const char *body)
{
    assert_int_equal(x->status, status);
    assert_true(str_is(buffer_str(&x->body), body));
    forget(x);
}

static void
begin_post(struct house *h, struct http_exchange *x, const char *body)
{
    assert_true(offer(h, x, HTTP_METHOD_POST, "/apps/app/events", "auth_key=key", NULL));
    assert_non_null(x->handlers);
    x->handlers->on_body(x->owner, x, str_of(body));
}

static void
post_ok(struct house *h, const char *body, const char *heard)
{
    struct http_exchange x;

    begin_post(h, &x, body);
    turn(h);
    expect(&x, 200, "{\"message\":\"ok\"}");
    if (!str_is(buffer_str(&h->heard), heard))
        fail_msg("heard %.*s, expected %s", STR_ARG(buffer_str(&h->heard)), heard);
    buffer_clear(&h->heard);
}

static void
post_bad(struct house *h, const char *body, const char *error)
{
    struct http_exchange x;

    begin_post(h, &x, body);
    expect(&x, 400, error);
}

static const char unauthorized[] = "{\"error\":\"Unauthorized\"}";
static const char incomplete[] = "{\"error\":\"Event must include channel, event name and data\"}";

static void
the_root_says_ok(void **state)
{
    struct http_exchange x;

    assert_true(offer(*state, &x, HTTP_METHOD_GET, "/", "probe=1", NULL));
    assert_true(str_is(buffer_str(&x.headers), "Access-Control-Allow-Origin: *\r\nX-A: b\r\n"));
    expect(&x, 200, "OK");
    assert_true(offer(*state, &x, HTTP_METHOD_HEAD, "/", NULL, NULL));
    expect(&x, 200, "OK");
}

static void
other_paths_are_not_wanted(void **state)
{
    static const char *const paths[] = { "/nothing", "/apps", "/apps/", "/apps/app", "/apps//x" };
    struct http_exchange x;

    for (size_t i = 0; i < COUNT_OF(paths); i++)
        assert_false(offer(*state, &x, HTTP_METHOD_GET, paths[i], NULL, NULL));
    assert_false(offer(*state, &x, HTTP_METHOD_POST, "/", NULL, NULL));
}

static void
a_key_must_belong_to_the_app(void **state)
{
    static const struct {
        const char *path, *query, *header;
        bool admitted;
    } cases[] = {
        { "/apps/app/x", "auth_key=key", NULL, true },
        { "/apps/app/x", "a=b&auth_key=k%65y", NULL, true },
        { "/apps/%61pp/x", "auth_key=key", NULL, true },
        { "/apps/app/x", NULL, "Bearer key", true },
        { "/apps/app/x", NULL, "bearer  key ", true },
        { "/apps/app/x", "auth_key=key", "Basic Zm9v", true },
        { "/apps/app/x", NULL, NULL, false },
        { "/apps/app/x", "auth_key=", NULL, false },
        { "/apps/app/x", "auth_key=ke", NULL, false },
        { "/apps/app/x", "auth_key=k2", NULL, false },
        { "/apps/none/x", "auth_key=key", NULL, false },
        { "/apps/app/x", NULL, "Bearer ", false },
        { "/apps/app/x", NULL, "Basic key", false },
    };
    struct http_exchange x;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(
            offer(*state, &x, HTTP_METHOD_GET, cases[i].path, cases[i].query, cases[i].header));
        if (cases[i].admitted)
            expect(&x, 404, "{\"error\":\"Not found\"}");
        else
            expect(&x, 403, unauthorized);
    }
}

static void
a_preflight_needs_no_key(void **state)
{
    struct http_exchange x;

    assert_true(offer(*state, &x, HTTP_METHOD_OPTIONS, "/apps/app/events", NULL, NULL));
    assert_true(str_contains(buffer_str(&x.headers), "Allow: POST\r\n"));
    assert_true(str_contains(buffer_str(&x.headers), "Access-Control-Allow-Origin: *\r\n"));
    expect(&x, 200, "POST");
    assert_true(offer(*state, &x, HTTP_METHOD_OPTIONS, "/apps/app/channels/a", NULL, NULL));
    expect(&x, 200, "GET,HEAD");
    assert_true(offer(*state, &x, HTTP_METHOD_OPTIONS, "/", NULL, NULL));
    expect(&x, 200, "GET,HEAD");
    assert_true(offer(*state, &x, HTTP_METHOD_OPTIONS, "/apps/app/none", NULL, NULL));
    expect(&x, 404, "{\"error\":\"Not found\"}");
}

static void
an_event_reaches_the_channel(void **state)
{
    post_ok(*state, "{\"channel\":\"news\",\"name\":\"E\",\"data\":{\"a\":1.0}}",
        "news|42[\"E\",\"news\",{\"a\":1.0}]|\n");
    post_ok(*state,
        "{\"channels\":[\"news\",\"a\\/\\u00e9\",\"empty\"],\"name\":\"App\\\\E\",\"data\":[1],"
        "\"socket_id\":\"me\"}",
        "news|42[\"App\\\\E\",\"news\",[1]]|me\n"
        "a/\xc3\xa9|42[\"App\\\\E\",\"a/\xc3\xa9\",[1]]|me\n");
    post_ok(*state, "{\"channels\":[],\"name\":\"E\",\"data\":1}", "");
}

static void
data_that_is_json_text_is_that_json(void **state)
{
    post_ok(*state, "{\"channel\":\"news\",\"name\":\"E\",\"data\":\"{\\\"a\\\":[1.50]}\"}",
        "news|42[\"E\",\"news\",{\"a\":[1.50]}]|\n");
    post_ok(*state, "{\"channel\":\"news\",\"name\":\"E\",\"data\":\"plain\"}",
        "news|42[\"E\",\"news\",\"plain\"]|\n");
    post_ok(*state, "{\"channel\":\"news\",\"name\":\"E\",\"data\":\"7\",\"socket_id\":null}",
        "news|42[\"E\",\"news\",7]|\n");
}

static void
what_is_missing_is_said(void **state)
{
    static const char *const bodies[] = { "{}", "{\"channel\":\"news\",\"name\":\"E\"}",
        "{\"channel\":\"news\",\"data\":{}}", "{\"name\":\"E\",\"data\":{}}",
        "{\"channel\":\"\",\"name\":\"E\",\"data\":{}}",
        "{\"channel\":\"news\",\"name\":\"E\",\"data\":\"\"}",
        "{\"channel\":\"news\",\"name\":\"E\",\"data\":null}",
        "{\"channel\":\"news\",\"name\":5,\"data\":{}}",
        "{\"channels\":\"news\",\"name\":\"E\",\"data\":{}}",
        "{\"channels\":[1],\"name\":\"E\",\"data\":{}}" };

    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        post_bad(*state, bodies[i], incomplete);
}

static void
a_broken_body_is_refused(void **state)
{
    static const char *const bodies[] = { "", "{", "[]", "null", "\"x\"", "{\"a\":\xff}" };

    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        post_bad(*state, bodies[i], "{\"error\":\"Request body must be a JSON object\"}");
}

static void
begin_batch(struct house *h, struct http_exchange *x, const char *body)
{
    assert_true(offer(h, x, HTTP_METHOD_POST, "/apps/app/batch_events", "auth_key=key", NULL));
    x->handlers->on_body(x->owner, x, str_of(body));
}

static void
a_batch_is_several_events_in_order(void **state)
{
    struct house *h = *state;
    struct http_exchange x;

    begin_batch(h, &x,
        "{\"batch\":[{\"channel\":\"news\",\"name\":\"A\",\"data\":\"{}\",\"socket_id\":\"me\"},"
        "{\"channel\":\"news\",\"name\":\"B\",\"data\":\"x\"}]}");
    turn(h);
    assert_true(str_is(
        buffer_str(&h->heard), "news|42[\"A\",\"news\",{}]|me\nnews|42[\"B\",\"news\",\"x\"]|\n"));
    expect(&x, 200, "{}");
    begin_batch(h, &x, "{\"batch\":[]}");
    expect(&x, 200, "{}");
}

static void
a_batch_with_a_fault_publishes_nothing(void **state)
{
    static const char *const bodies[][2] = {
        { "{\"batch\":[{\"channel\":\"news\",\"name\":\"A\",\"data\":1},{\"name\":\"B\"}]}",
            incomplete },
        { "{\"batch\":[{\"channel\":\"news\",\"name\":\"A\",\"data\":1},7]}", incomplete },
        { "{}", "{\"error\":\"Batch must be a list of events\"}" },
        { "{\"batch\":{}}", "{\"error\":\"Batch must be a list of events\"}" },
        { "[]", "{\"error\":\"Request body must be a JSON object\"}" },
    };
    struct house *h = *state;
    struct http_exchange x;

    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        begin_batch(h, &x, bodies[i][0]);
        expect(&x, 400, bodies[i][1]);
    }
    turn(h);
    assert_int_equal(h->heard.len, 0);
}

static void
a_batch_whose_caller_left_gets_no_answer(void **state)
{
    struct http_exchange x;

    begin_batch(*state, &x,
        "{\"batch\":[{\"channel\":\"news\",\"name\":\"A\",\"data\":1},"
        "{\"channel\":\"news\",\"name\":\"B\",\"data\":1}]}");
    x.handlers->on_abort(x.owner, &x, HTTP_ABORT_GONE);
    turn(*state);
    assert_int_equal(x.status, 0);
    forget(&x);
}

static void
a_caller_who_left_gets_no_answer(void **state)
{
    struct http_exchange x;

    begin_post(*state, &x, "{\"channel\":\"news\",\"name\":\"E\",\"data\":1}");
    x.handlers->on_abort(x.owner, &x, HTTP_ABORT_GONE);
    turn(*state);
    assert_int_equal(x.status, 0);
    forget(&x);
}

static void
a_body_past_the_limit_is_413(void **state)
{
    struct http_exchange x;

    assert_true(offer(*state, &x, HTTP_METHOD_POST, "/apps/app/events", "auth_key=key", NULL));
    x.handlers->on_abort(x.owner, &x, HTTP_ABORT_TOO_LARGE);
    expect(&x, 413, "{\"error\":\"Request body is too large\"}");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_house, close_house)
    const struct CMUnitTest tests[] = {
        TEST(the_root_says_ok),
        TEST(other_paths_are_not_wanted),
        TEST(a_key_must_belong_to_the_app),
        TEST(a_preflight_needs_no_key),
        TEST(an_event_reaches_the_channel),
        TEST(data_that_is_json_text_is_that_json),
        TEST(what_is_missing_is_said),
        TEST(a_broken_body_is_refused),
        TEST(a_batch_is_several_events_in_order),
        TEST(a_batch_with_a_fault_publishes_nothing),
        TEST(a_batch_whose_caller_left_gets_no_answer),
        TEST(a_caller_who_left_gets_no_answer),
        TEST(a_body_past_the_limit_is_413),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
