/* SPDX-License-Identifier: MIT */
/*
 * queries: what the hub is asked, and what the client is answered; the hub and the connection are
 * fakes.
 */
#include "queries.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "api/api.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "http/http_conn.h"
#include "http/http_request.h"
#include "hub/hub_link.h"

/* ---- the fake connection ---- */

struct http_exchange {
    struct http_request request;
    const struct http_exchange_handlers *handlers;
    void *owner;
    unsigned status; /* 0: not answered */
    char body[512];
};

void
http_exchange_take(
    struct http_exchange *x, size_t body_limit, const struct http_exchange_handlers *h, void *owner)
{
    assert_int_equal(body_limit, HTTP_NO_BODY);
    x->handlers = h;
    x->owner = owner;
}

void
http_exchange_reply(struct http_exchange *x, const struct http_reply *reply)
{
    assert_int_equal(x->status, 0);
    x->status = reply->status;
    (void)snprintf(x->body, sizeof(x->body), "%.*s", STR_ARG(reply->body));
}

const struct http_request *
http_exchange_request(const struct http_exchange *x)
{
    return &x->request;
}

/* ---- the fake hub ---- */

static const char *const kind_name[] = { "status", "channels", "channel", "users", "health" };
static char asked[256];
static hub_link_json *on_json;
static void *asker;
static uint32_t forgotten;

uint32_t
hub_link_ask(
    struct hub_link *k, const struct hub_question *q, hub_link_json *on_answer, void *owner)
{
    (void)k;
    (void)snprintf(asked, sizeof(asked), "%s %.*s%s", kind_name[q->kind], STR_ARG(q->name),
        q->cluster ? " cluster" : "");
    on_json = on_answer;
    asker = owner;
    return 7;
}

uint32_t
hub_link_publish(
    struct hub_link *k, const struct hub_event *e, hub_link_answer *on_answer, void *owner)
{
    (void)k;
    (void)e;
    (void)on_answer;
    (void)owner;
    return 8;
}

void
hub_link_forget(struct hub_link *k, uint32_t token)
{
    (void)k;
    forgotten = token;
}

/* ---- the scene ---- */

static struct api *api;
static struct http_exchange exchange;

static int
setup(void **state)
{
    static const struct api_client client = { "app", "key" };
    static const struct api_limits limits = { .clients = &client,
        .client_count = 1,
        .body_bytes = 1000,
        .events = true,
        .cors_headers = "",
        .extra_headers = "" };

    (void)state;
    asked[0] = '\0';
    forgotten = 0;
    api = api_open(NULL, &limits);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    api_close(api);
    return 0;
}

static bool
offer(enum http_method method, const char *path, const char *query)
{
    exchange = (struct http_exchange){
        .request = { .method = method, .path = str_of(path), .query = str_of(query) }
    };
    asked[0] = '\0';
    return api_offer(api, &exchange, &exchange.request);
}

static void
begin(const char *path, const char *query)
{
    assert_true(offer(HTTP_METHOD_GET, path, query));
    assert_non_null(exchange.handlers);
    exchange.handlers->on_body(exchange.owner, &exchange, STR_LIT(""));
    assert_int_equal(exchange.status, 0);
}

static void
hub_answers(const char *json)
{
    struct bytes *text = bytes_new(json, strlen(json));

    on_json(asker, 7, text);
    bytes_unref(text);
}

static void
asks(const char *path, const char *query, const char *question)
{
    begin(path, query);
    assert_string_equal(asked, question);
    hub_answers("\"x\":1");
    assert_int_equal(exchange.status, 200);
}

/* ---- tests ---- */

static void
each_page_asks_its_question(void **state)
{
    (void)state;
    asks("/apps/app/status", "auth_key=key", "status ");
    asks("/apps/app/channels", "auth_key=key", "channels ");
    asks("/apps/app/channels/", "auth_key=key", "channels ");
    asks("/apps/app/channels", "filter_by_prefix=presence-%2B+x&auth_key=key",
        "channels presence-+ x");
    asks("/apps/app/channels/news", "auth_key=key&filter_by_prefix=no", "channel news");
    asks("/apps/app/channels/a%2Fb+c%20d", "auth_key=key", "channel a/b+c d");
    asks("/apps/app/channels/presence-x/users", "auth_key=key", "users presence-x");
}

static void
the_cluster_is_asked_for_by_scope(void **state)
{
    (void)state;
    asks("/apps/app/status", "auth_key=key&scope=cluster", "status  cluster");
    asks("/apps/app/channels/a", "scope=cluster&auth_key=key", "channel a cluster");
    asks("/apps/app/channels/a", "scope=node&auth_key=key", "channel a");
}

static void
lists_are_passed_on_as_they_are(void **state)
{
    (void)state;
    begin("/apps/app/channels/presence-x/users", "auth_key=key");
    hub_answers("\"users\":[{\"id\":1.0,\"user_info\":{}}]");
    assert_string_equal(exchange.body, "{\"users\":[{\"id\":1.0,\"user_info\":{}}]}");
}

static void
status_says_how_long_and_how_large(void **state)
{
    unsigned long long rss, total, used, external;
    double uptime;
    int end = 0;

    (void)state;
    begin("/apps/app/status", "auth_key=key");
    hub_answers("\"subscription_count\":3");
    assert_int_equal(sscanf(exchange.body,
                         "{\"subscription_count\":3,\"uptime\":%lf,\"memory_usage\":{\"rss\":%llu,"
                         "\"heapTotal\":%llu,\"heapUsed\":%llu,\"external\":%llu}}%n",
                         &uptime, &rss, &total, &used, &external, &end),
        5);
    assert_int_equal(end, strlen(exchange.body));
    assert_true(uptime >= 0 && uptime < 60);
    assert_true(rss > 100000);
}

static void
users_are_those_of_presence_channels(void **state)
{
    static const char *const paths[] = { "/apps/app/channels/news/users",
        "/apps/app/channels/private-x/users", "/apps/app/channels/x-presence-y/users" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        assert_true(offer(HTTP_METHOD_GET, paths[i], "auth_key=key"));
        assert_int_equal(exchange.status, 400);
        assert_string_equal(
            exchange.body, "{\"error\":\"User list is only possible for Presence Channels\"}");
        assert_string_equal(asked, "");
    }
}

static void
nothing_is_told_without_a_key(void **state)
{
    static const char *const paths[] = { "/apps/app/status", "/apps/app/channels",
        "/apps/app/channels/a", "/apps/app/channels/presence-a/users", "/apps/app/channels/a/users",
        "/apps/app/events", "/apps/app/batch_events", "/apps/other/status" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        assert_true(offer(HTTP_METHOD_GET, paths[i], i % 2 ? "auth_key=wrong" : ""));
        assert_int_equal(exchange.status, 403);
        assert_null(exchange.handlers);
    }
}

static void
other_methods_and_depths_are_not_found(void **state)
{
    static const char *const paths[] = { "/apps/app/channels/a/b", "/apps/app/channels//users",
        "/apps/app/channels/a/users/b", "/apps/app/stat", "/apps/app/events" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        assert_true(offer(HTTP_METHOD_GET, paths[i], "auth_key=key"));
        assert_int_equal(exchange.status, 404);
    }
    assert_true(offer(HTTP_METHOD_POST, "/apps/app/status", "auth_key=key"));
    assert_int_equal(exchange.status, 404);
}

static void
a_client_that_goes_away_is_forgotten(void **state)
{
    (void)state;
    begin("/apps/app/status", "auth_key=key");
    exchange.handlers->on_abort(exchange.owner, &exchange, HTTP_ABORT_GONE);
    assert_int_equal(forgotten, 7);
    assert_int_equal(exchange.status, 0);
}

static void
health_needs_no_key_and_ends_with_the_server(void **state)
{
    static const char up[] = "\"redis\":\"connected\"", down[] = "\"redis\":\"disconnected\"";

    (void)state;
    begin("/health/ready", "");
    assert_string_equal(asked, "health ");
    hub_answers(down);
    assert_int_equal(exchange.status, 200);
    assert_string_equal(exchange.body, "{\"status\":\"ok\",\"redis\":\"disconnected\"}");
    api_drain(api);
    begin("/health/ready", "");
    hub_answers(up);
    assert_int_equal(exchange.status, 503);
    assert_string_equal(exchange.body, "{\"status\":\"draining\",\"redis\":\"connected\"}");
    begin("/health/live", "");
    hub_answers(up);
    assert_int_equal(exchange.status, 200);
    assert_false(offer(HTTP_METHOD_GET, "/health", ""));
    assert_false(offer(HTTP_METHOD_GET, "/health/other", ""));
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(each_page_asks_its_question),
        TEST(the_cluster_is_asked_for_by_scope),
        TEST(lists_are_passed_on_as_they_are),
        TEST(status_says_how_long_and_how_large),
        TEST(users_are_those_of_presence_channels),
        TEST(nothing_is_told_without_a_key),
        TEST(other_methods_and_depths_are_not_found),
        TEST(a_client_that_goes_away_is_forgotten),
        TEST(health_needs_no_key_and_ends_with_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
