/* SPDX-License-Identifier: MIT */
/*
 * server: a listener whose connections do what the path of a request says.
 */
#ifndef TEST_HTTP_SERVER_H
#define TEST_HTTP_SERVER_H

#include "http/http_conn.h"
#include "talk.h"
#include "tls/tls_server.h"

enum { BODY_LIMIT = 100, LARGE_BODY = 4 << 20 };

/* ---- what it answers, and what it is asked ---- */

#define OK                                                                                         \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"                         \
    "Connection: keep-alive\r\n\r\nOK"
#define OK_LAST                                                                                    \
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n"                         \
    "Connection: close\r\n\r\nOK"
#define LAST(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

struct server {
    struct loop *l;
    struct listener *n;
    struct tls_context *tls; /* NULL: plain */
    unsigned port, closes;
    struct http_limits limits;
    struct http_conn *conn; /* accepted last */
    unsigned accepted, requests, ends, gone, too_large;
    struct http_exchange *held;
    struct buffer log; /* "GET /path?query;" */
    bool answer_abort, close_in_request;
    struct stream *upgraded;
    struct buffer early;
    unsigned upgraded_ends;
    struct http_parcel *parcel;
};

static const char *const method_names[] UNUSED = { "GET", "HEAD", "POST", "OPTIONS", "OTHER" };

static UNUSED void
server_on_body(void *owner, struct http_exchange *x, struct str body)
{
    struct server *s = owner;
    struct http_reply reply = { .status = 200, .body = body };

    buffer_printf(&s->log, "(%zu)", body.len);
    if (s->held != x)
        http_exchange_reply(x, &reply);
}

static UNUSED void
server_on_abort(void *owner, struct http_exchange *x, enum http_abort why)
{
    struct server *s = owner;

    s->gone += why == HTTP_ABORT_GONE;
    s->too_large += why == HTTP_ABORT_TOO_LARGE;
    if (s->held == x)
        s->held = NULL;
    if (s->answer_abort)
        http_exchange_reply_text(x, 413, "text/plain", "mine");
}

static const struct http_exchange_handlers exchange_handlers UNUSED = { server_on_body,
    server_on_abort };

static UNUSED void
upgraded_on_data(void *owner, const char *data, size_t len)
{
    struct server *s = owner;

    buffer_append(&s->early, data, len);
}

static UNUSED void
upgraded_on_end(void *owner, enum stream_end why)
{
    struct server *s = owner;

    (void)why;
    s->upgraded_ends++;
    s->upgraded = NULL;
}

static UNUSED void
upgrade(struct server *s, struct http_exchange *x)
{
    static const struct stream_handlers handlers = {
        .on_data = upgraded_on_data,
        .on_end = upgraded_on_end,
    };
    char *early;
    size_t len;

    s->upgraded = http_exchange_upgrade(x, &early, &len);
    assert_true((early == NULL) == (len == 0));
    buffer_append(&s->early, early, len);
    free(early);
    stream_attach(s->upgraded, &handlers, s);
    stream_send_copy(s->upgraded, "HTTP/1.1 101 Switching\r\n\r\n", 26);
}

static UNUSED void
answer_with_all(struct http_exchange *x)
{
    struct http_reply reply = {
        .status = 403,
        .type = "application/json",
        .headers = STR_LIT("X-A: b\r\nX-C: d\r\n"),
        .body = STR_LIT("{}"),
        .close = true,
    };

    http_exchange_reply(x, &reply);
}

static UNUSED void
server_on_request(void *owner, struct http_exchange *x, const struct http_request *r)
{
    struct server *s = owner;

    assert_ptr_equal(r, http_exchange_request(x));
    s->requests++;
    buffer_printf(&s->log, "%s %.*s%s%.*s;", method_names[r->method], STR_ARG(r->path),
        r->query.len > 0 ? "?" : "", STR_ARG(r->query));
    if (s->close_in_request)
        http_conn_close(s->conn);
    if (str_is(r->path, "/hold")) {
        s->held = x;
        http_exchange_take(x, BODY_LIMIT, &exchange_handlers, s);
    } else if (str_starts(r->path, "/echo")) {
        http_exchange_take(x, BODY_LIMIT, &exchange_handlers, s);
    } else if (str_is(r->path, "/read")) {
        http_exchange_take(x, HTTP_NO_BODY, &exchange_handlers, s);
    } else if (str_is(r->path, "/upgrade") && r->upgrade) {
        upgrade(s, x);
    } else if (str_is(r->path, "/move")) {
        s->parcel = http_conn_detach(x);
        if (!s->parcel)
            http_exchange_reply_text(x, 503, NULL, "");
    } else if (str_is(r->path, "/later") || str_is(r->path, "/never")) {
        s->parcel = str_is(r->path, "/later") ? http_conn_detach(x) : NULL;
        if (!s->parcel && !http_exchange_postpone(x))
            http_exchange_reply_text(x, 503, NULL, "");
    } else if (str_is(r->path, "/destroy")) {
        http_exchange_destroy(x);
    } else if (str_is(r->path, "/all")) {
        answer_with_all(x);
    } else if (str_is(r->path, "/304") || str_is(r->path, "/204")) {
        http_exchange_reply_text(x, str_is(r->path, "/304") ? 304 : 204, NULL, "ignored");
    } else if (str_is(r->path, "/large")) {
        struct http_reply reply = { .status = 200 };
        char *body = calloc(1, LARGE_BODY);

        reply.body = str_slice(body, LARGE_BODY);
        http_exchange_reply(x, &reply);
        free(body);
    } else {
        http_exchange_reply_text(x, 200, "text/plain", "OK");
    }
}

static UNUSED void
server_on_end(void *owner, struct http_conn *c)
{
    struct server *s = owner;

    s->ends++;
    if (s->conn == c)
        s->conn = NULL;
}

static const struct http_conn_handlers conn_handlers UNUSED = { .on_request = server_on_request,
    .on_end = server_on_end };

static UNUSED void
server_on_accept(void *owner, struct stream *stream)
{
    struct server *s = owner;

    s->accepted++;
    if (s->tls)
        tls_server_accept(s->tls, stream);
    s->conn = http_conn_open(stream, &s->limits, &conn_handlers, s);
}

static UNUSED void
server_on_close(void *owner)
{
    struct server *s = owner;

    s->closes++;
}

static UNUSED void
server_open(struct server *s)
{
    static const struct listener_handlers handlers = { server_on_accept, server_on_close };
    int fd;

    *s = (struct server){ .l = loop_new() };
    s->limits = (struct http_limits){
        .head_bytes = 4096,
        .headers = 20,
        .head_timeout_ms = 30000,
        .body_timeout_ms = 30000,
        .body_bytes_per_s = 1,
        .idle_timeout_ms = 30000,
        .answer_bytes_per_s = 1,
    };
    fd = listen_any(&s->port);
    s->n = listener_open(s->l, fd, &handlers, s);
    assert_non_null(s->n);
}

static UNUSED void
server_close(struct server *s)
{
    if (s->conn)
        http_conn_close(s->conn);
    if (s->upgraded)
        stream_close(s->upgraded, STREAM_END_LOCAL);
    listener_close(s->n);
    TURN_UNTIL(s->l, s->closes && !s->conn && !s->upgraded);
    buffer_fini(&s->log);
    buffer_fini(&s->early);
    tls_server_unref(s->tls);
    loop_free(s->l);
}

static UNUSED void
server_saw(struct server *s, const char *log)
{
    buffer_append_char(&s->log, '\0');
    assert_string_equal(s->log.data, log);
    buffer_clear(&s->log);
}

static UNUSED void
set(struct server *s, struct talker *t)
{
    server_open(s);
    talker_dial(t, s->l, s->port);
    TURN_UNTIL(s->l, s->conn);
}

static UNUSED void
tear_down(struct server *s, struct talker *t)
{
    talker_fini(t);
    server_close(s);
}

static UNUSED void
hold(struct server *s, struct talker *t)
{
    say(t, GET("/hold"));
    TURN_UNTIL(s->l, s->held);
    server_saw(s, "GET /hold;(0)");
}

#endif
