/* SPDX-License-Identifier: MIT */
/*
 * auth_scene: an auth with one application, four lines, and a fake HTTP client.  Included by one
 * test file each.
 */
#ifndef TEST_CHANNELS_AUTH_SCENE_H
#define TEST_CHANNELS_AUTH_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "channels/auth.h"
#include "channels/auth_target.h"
#include "fake_http.h"
#include "net/loop.h"

enum { ASKS_MAX = 64 };

struct outcome {
    unsigned verdicts, status;
    char body[32], cause[256];
    struct auth_ask *ask;
};

static struct loop *loop;
static struct auth *auth;
static struct auth_limits limits;
static struct auth_line lines[4];
static struct outcome outcomes[ASKS_MAX];
static struct buffer error;
static struct auth_target *targets[4];
static size_t target_count;

static inline void
on_verdict(void *owner, const struct auth_verdict *v)
{
    struct outcome *o = owner;

    o->verdicts++;
    o->status = v->status;
    o->ask = NULL;
    (void)snprintf(o->body, sizeof(o->body), "%.*s", STR_ARG(v->body));
    (void)snprintf(o->cause, sizeof(o->cause), "%s", v->cause ? v->cause : "");
}

static inline struct auth *
open_with(const char *const *hosts, size_t count)
{
    const struct auth_options o = {
        .hosts = hosts, .host_count = count, .endpoint = "/broadcasting/auth", .verify_tls = true
    };

    targets[target_count] = auth_target_new(&o, &error);
    return auth_open(loop, targets[target_count++], &limits);
}

static inline int
setup(void **state)
{
    static const char *const hosts[] = { "http://app.test:8000" };

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    memset(outcomes, 0, sizeof(outcomes));
    fake_posts = fake_cancels = 0;
    limits = (struct auth_limits){ .in_flight = 2,
        .timeout_ms = 1234,
        .retry_ms = 0,
        .headers = 32,
        .header_bytes = 16384,
        .answer_bytes = 65536 };
    loop = loop_new();
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        auth_line_init(&lines[i]);
    auth = open_with(hosts, 1);
    assert_non_null(auth);
    return 0;
}

static inline int
teardown(void **state)
{
    (void)state;
    for (int i = 0; i < ASKS_MAX; i++) {
        if (outcomes[i].ask)
            auth_cancel(outcomes[i].ask);
    }
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        auth_line_fini(auth, &lines[i]);
    auth_close(auth);
    while (target_count > 0)
        auth_target_free(targets[--target_count]);
    buffer_fini(&error);
    loop_stop(loop);
    loop_run(loop);
    loop_free(loop);
    assert_int_equal(fake_calls_open(), 0);
    return 0;
}

static inline enum auth_refusal
begin(int outcome, int line, const char *channel)
{
    const struct auth_question q = { .line = &lines[line], .channel = str_of(channel) };

    return auth_begin(auth, &q, on_verdict, &outcomes[outcome], &outcomes[outcome].ask);
}

static inline void
body_is(unsigned call, const char *body)
{
    struct str text = buffer_str(&fake_call(call)->body);

    if (!str_is(text, body))
        fail_msg("body %.*s, expected %s", STR_ARG(text), body);
}

static inline void
wait_for_posts(unsigned n)
{
    uint64_t end = clock_ms() + 5000;

    while (fake_posts < n && clock_ms() < end) {
        loop_turn(loop);
        usleep(1000);
    }
    assert_int_equal(fake_posts, n);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
