/* SPDX-License-Identifier: MIT */
/*
 * api: checks the key and finds the page.
 */
#include "api/api.h"

#include <stdlib.h>

#include "api_priv.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "events.h"
#include "http/http_conn.h"
#include "http/http_request.h"
#include "queries.h"
#include "refusals.h"
#include "reply.h"

enum { SECRET_BYTES_MAX = 1024 };

static const char root[] = "/apps/";

/* What is served; '*' stands for one part of the path, a channel. */
struct page {
    const char *path;
    const char *allow;
    void (*post)(struct api *a, struct http_exchange *x); /* NULL: it is read */
    struct api_query query;
};

#define READ(where, ...)                                                                           \
    {                                                                                              \
        .path = (where), .allow = "GET,HEAD", .query = { __VA_ARGS__ }                             \
    }
#define POST(where, how)                                                                           \
    {                                                                                              \
        .path = (where), .allow = "POST", .post = (how)                                            \
    }

/* Below /apps/<id>/, with a key. */
static const struct page pages[] = {
    READ("status", HUB_QUERY_STATUS, false),
    READ("channels", HUB_QUERY_CHANNELS, false),
    READ("channels/*", HUB_QUERY_CHANNEL, false),
    READ("channels/*/users", HUB_QUERY_USERS, false),
    POST("events", events_take),
    POST("batch_events", events_take_batch),
};

/* Without one. */
static const struct page open_pages[] = {
    READ("health/live", HUB_QUERY_HEALTH, false),
    READ("health/ready", HUB_QUERY_HEALTH, true),
};

/* A page that was asked for. */
struct visit {
    const struct page *page; /* NULL: there is none */
    struct str channel;      /* raw; len 0 where the page has none */
};

struct api *
api_open(struct hub_link *hub, const struct api_limits *limits)
{
    struct api *a = mem_zalloc(sizeof(*a));

    a->hub = hub;
    a->limits = limits;
    a->since_ms = clock_ms();
    queries_prepare();
    list_init(&a->errands);
    return a;
}

void
api_set_limits(struct api *a, const struct api_limits *limits)
{
    a->limits = limits;
}

void
api_drain(struct api *a)
{
    a->draining = true;
}

void
api_close(struct api *a)
{
    if (!a)
        return;
    ENSURE(list_empty(&a->errands));
    free(a);
}

/* ---- keys ---- */

/* Every client is compared, so that the time says nothing of ids or keys. */
static bool
is_client(const struct api_limits *l, struct str app_id, struct str key)
{
    bool known = false;

    for (size_t i = 0; i < l->client_count; i++) {
        bool same_id = str_equal_secret(app_id, str_of(l->clients[i].app_id));
        bool same_key = str_equal_secret(key, str_of(l->clients[i].key));

        known |= same_id & same_key;
    }
    return known;
}

static bool
decoded_is_client(const struct api_limits *l, struct str raw_id, struct str key, bool encoded)
{
    char id[SECRET_BYTES_MAX], text[SECRET_BYTES_MAX];
    size_t id_len;

    if (raw_id.len > sizeof(id) || key.len > sizeof(text))
        return false;
    id_len = str_url_decode(raw_id, id);
    if (encoded)
        key = str_slice(text, str_url_decode(key, text));
    return is_client(l, str_slice(id, id_len), key);
}

/* By ?auth_key= or by "Authorization: Bearer"; behind a proxy with a password of its own the header
 * may be for the proxy, so either admits. */
static bool
is_allowed(const struct api_limits *l, const struct http_request *r, struct str app_id)
{
    struct str key, header = http_request_header(r, "Authorization");

    if (str_query_get(r->query, "auth_key", &key) && decoded_is_client(l, app_id, key, true))
        return true;
    if (header.len > 7 && str_is_nocase(str_slice(header.data, 7), "Bearer "))
        header = str_trim(str_slice(header.data + 7, header.len - 7));
    return header.len > 0 && decoded_is_client(l, app_id, header, false);
}

static void
refuse_key(struct api *a, struct http_exchange *x, const struct http_request *r, struct str app_id)
{
    char text[ADDRESS_TEXT_SIZE];
    const char *address = http_request_client(r, a->limits->proxies, text);
    unsigned wait_s = refusals_count(&a->refusals, address, app_id, clock_ms());
    struct buffer headers = { 0 };

    if (wait_s == 0) {
        reply_refuse(a, x, 403, "Unauthorized");
        return;
    }
    buffer_printf(&headers, "Retry-After: %u\r\n", wait_s);
    reply_send(a, x,
        &(struct http_reply){ .status = 429,
            .type = "application/json; charset=utf-8",
            .headers = buffer_str(&headers),
            .body = STR_LIT("{\"error\":\"Unauthorized, and too often\"}"),
            .close = true });
    buffer_fini(&headers);
}

/* ---- routes ---- */

static bool
is_read(const struct http_request *r)
{
    return r->method == HTTP_METHOD_GET || r->method == HTTP_METHOD_HEAD;
}

/* The methods are named without asking for a key, which a preflight does not carry. */
static void
answer_options(struct api *a, struct http_exchange *x, const char *allow)
{
    struct buffer headers = { 0 };

    buffer_printf(&headers, "Allow: %s\r\n", allow);
    reply_send(a, x,
        &(struct http_reply){ .status = 200,
            .type = "text/html; charset=utf-8",
            .headers = buffer_str(&headers),
            .body = str_of(allow) });
    buffer_fini(&headers);
}

static bool
page_matches(struct str pattern, struct str path, struct str *channel)
{
    *channel = str_slice(NULL, 0);
    while (pattern.len > 0 && path.len > 0) {
        struct str expected = str_cut(pattern, '/', &pattern);
        struct str part = str_cut(path, '/', &path);

        if (str_is(expected, "*") && part.len > 0)
            *channel = part;
        else if (!str_equal(expected, part))
            return false;
    }
    return pattern.len == 0 && path.len == 0;
}

/* What is posted is there only when subscribers.http is on. */
static void
find_page(
    const struct api *a, const struct page *list, size_t count, struct str path, struct visit *v)
{
    v->page = NULL;
    for (size_t i = 0; i < count && !v->page; i++)
        if ((!list[i].post || a->limits->events) &&
            page_matches(str_of(list[i].path), path, &v->channel))
            v->page = &list[i];
}

static void
page_serve(
    struct api *a, struct http_exchange *x, const struct http_request *r, const struct visit *v)
{
    if (v->page->post && r->method == HTTP_METHOD_POST)
        v->page->post(a, x);
    else if (!v->page->post && is_read(r))
        queries_take(a, x, v->page->query, v->channel);
    else
        reply_refuse(a, x, 404, "Not found");
}

/* /apps/<id>/<page>, where every other path is an error; or an open page.  False: neither. */
static bool
offer_page(struct api *a, struct http_exchange *x, const struct http_request *r)
{
    struct str app_id = { NULL, 0 }, page = { NULL, 0 };
    size_t len = sizeof(root) - 1;
    bool keyed, options = r->method == HTTP_METHOD_OPTIONS;
    struct visit v;

    if (str_starts(r->path, root))
        app_id = str_cut(str_slice(r->path.data + len, r->path.len - len), '/', &page);
    keyed = app_id.len > 0 && page.len > 0;
    if (keyed)
        find_page(a, pages, COUNT_OF(pages), page, &v);
    else
        find_page(
            a, open_pages, COUNT_OF(open_pages), str_slice(r->path.data + 1, r->path.len - 1), &v);
    if (!keyed && !v.page)
        return false;
    if (v.page && options)
        answer_options(a, x, v.page->allow);
    else if (keyed && !options && !is_allowed(a->limits, r, app_id))
        refuse_key(a, x, r, app_id);
    else if (v.page)
        page_serve(a, x, r, &v);
    else
        reply_refuse(a, x, 404, "Not found");
    return true;
}

bool
api_offer(void *api, struct http_exchange *x, const struct http_request *r)
{
    struct api *a = api;

    if (r->upgrade || !str_starts(r->path, "/"))
        return false;
    if (!str_is(r->path, "/"))
        return offer_page(a, x, r);
    if (r->method == HTTP_METHOD_OPTIONS)
        answer_options(a, x, "GET,HEAD");
    else if (is_read(r))
        reply_send(a, x,
            &(struct http_reply){
                .status = 200, .type = "text/html; charset=utf-8", .body = STR_LIT("OK") });
    else
        return false;
    return true;
}
