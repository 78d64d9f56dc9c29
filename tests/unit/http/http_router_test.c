/* SPDX-License-Identifier: MIT */
/*
 * Tests of http_router, with a real connection.
 */
#include "http/http_router.h"

#include "talk.h"

struct scene {
    struct loop *l;
    struct listener *n;
    struct http_limits limits;
    struct http_router router;
    struct http_conn *conn;
    struct talker t;
    bool closed;
};

static bool
offer(void *owner, struct http_exchange *x, const struct http_request *r)
{
    const char *path = owner;

    if (!str_is(r->path, path))
        return false;
    http_exchange_reply_text(x, 200, NULL, path);
    return true;
}

static void
on_request(void *owner, struct http_exchange *x, const struct http_request *r)
{
    struct scene *s = owner;

    http_router_dispatch(&s->router, x, r);
}

static void
on_end(void *owner, struct http_conn *c)
{
    struct scene *s = owner;

    (void)c;
    s->conn = NULL;
}

static void
on_accept(void *owner, struct stream *stream)
{
    static const struct http_conn_handlers handlers = { .on_request = on_request,
        .on_end = on_end };
    struct scene *s = owner;

    s->conn = http_conn_open(stream, &s->limits, &handlers, s);
}

static void
on_close(void *owner)
{
    struct scene *s = owner;

    s->closed = true;
}

static void
first_service_that_accepts_it_has_it(void **state)
{
    static const struct listener_handlers handlers = { on_accept, on_close };
    const struct http_limits limits = {
        .head_bytes = 4096,
        .headers = 20,
        .head_timeout_ms = 30000,
        .body_timeout_ms = 30000,
        .body_bytes_per_s = 4096,
        .idle_timeout_ms = 30000,
    };
    struct scene s = { .l = loop_new(), .limits = limits };
    unsigned port;
    int fd = listen_any(&port);

    (void)state;
    s.n = listener_open(s.l, fd, &handlers, &s);
    http_router_add(&s.router, offer, "/a");
    http_router_add(&s.router, offer, "/b");
    talker_dial(&s.t, s.l, port);
    say(&s.t, "GET /b HTTP/1.1\r\nHost: a\r\n\r\n");
    hear(&s.t, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\n/b");
    say(&s.t, "GET /c HTTP/1.1\r\nHost: a\r\n\r\n");
    hear(&s.t, "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
               "Content-Length: 9\r\nConnection: keep-alive\r\n\r\nNot Found");
    say(&s.t, "GET /c HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    hear_end(&s.t);
    TURN_UNTIL(s.l, !s.conn);
    listener_close(s.n);
    TURN_UNTIL(s.l, s.closed);
    talker_fini(&s.t);
    loop_free(s.l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = { TEST(first_service_that_accepts_it_has_it) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
