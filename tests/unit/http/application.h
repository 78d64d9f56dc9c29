/* SPDX-License-Identifier: MIT */
/*
 * application: a client, and an application that says exactly what a test lets it say.
 */
#ifndef TEST_HTTP_APPLICATION_H
#define TEST_HTTP_APPLICATION_H

#include "http/http_client.h"
#include "talk.h"

enum { ANSWER_LIMIT = 50, PATIENT_MS = 30000 };

struct scene {
    struct loop *l;
    int listener;
    unsigned port;
    struct talker app; /* the application's end of the connection accepted last */
    unsigned accepted;
    struct http_client *client;
    struct http_origin origin;
    uint64_t timeout_ms;
    struct http_call *call;
    unsigned done;
    enum http_call_result result;
    unsigned status;
    char error[512];
    struct buffer body;
    bool post_again, close_in_done;
};

static UNUSED void post(struct scene *s);

static UNUSED void
on_done(void *owner, const struct http_answer *a)
{
    struct scene *s = owner;

    s->done++;
    s->result = a->result;
    s->status = a->status;
    buffer_clear(&s->body);
    if (a->result == HTTP_CALL_ANSWERED)
        buffer_append_str(&s->body, a->body);
    else
        snprintf(s->error, sizeof(s->error), "%s", a->error);
    if (s->post_again)
        post(s);
    if (s->close_in_done)
        http_client_close(s->client);
}

static UNUSED void
application_open(struct scene *s)
{
    char url[64];

    *s = (struct scene){ .l = loop_new(), .app = { .fd = -1 }, .timeout_ms = PATIENT_MS };
    s->listener = listen_any(&s->port);
    assert_int_equal(listen(s->listener, 8), 0);
    s->client = http_client_open(s->l, NULL, NULL, PATIENT_MS);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u/base", s->port);
    assert_true(http_origin_parse(str_of(url), &s->origin));
}

static UNUSED void
application_close(struct scene *s)
{
    if (!s->close_in_done)
        http_client_close(s->client);
    turn_some(s->l);
    talker_fini(&s->app);
    turn_some(s->l);
    close(s->listener);
    buffer_fini(&s->body);
    loop_free(s->l);
}

static UNUSED void
post(struct scene *s)
{
    const struct http_call_request r = {
        .origin = &s->origin,
        .path = STR_LIT("/auth"),
        .headers = STR_LIT("X-A: b\r\n"),
        .body = STR_LIT("a=1"),
        .answer_limit = ANSWER_LIMIT,
        .timeout_ms = s->timeout_ms,
    };

    s->call = http_client_post(s->client, &r, on_done, s);
}

/* The application takes the next connection. */
static UNUSED void
accept_one(struct scene *s)
{
    talker_fini(&s->app);
    s->app = (struct talker){ .l = s->l, .fd = -1 };
    while (s->app.fd < 0) {
        s->app.fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK);
        turn(s->l);
    }
    s->accepted++;
}

static UNUSED void
hear_post(struct scene *s)
{
    char expected[256];

    snprintf(expected, sizeof(expected),
        "POST /base/auth HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nConnection: keep-alive\r\nX-A: b\r\n"
        "Content-Length: 3\r\n\r\na=1",
        s->port);
    hear(&s->app, expected);
}

static UNUSED void
answered(struct scene *s, unsigned status, const char *body)
{
    TURN_UNTIL(s->l, s->done);
    if (s->result != HTTP_CALL_ANSWERED)
        fail_msg("%s", s->error);
    assert_int_equal(s->status, status);
    assert_true(str_is(buffer_str(&s->body), body));
    s->done = 0;
}

static UNUSED void
failed(struct scene *s, enum http_call_result result, const char *why)
{
    char expected[256];

    TURN_UNTIL(s->l, s->done);
    snprintf(expected, sizeof(expected), "127.0.0.1:%u: %s", s->port, why);
    assert_int_equal(s->result, result);
    assert_string_equal(s->error, expected);
    s->done = 0;
}

#endif
