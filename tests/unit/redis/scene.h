/* SPDX-License-Identifier: MIT */
/*
 * scene: what the tests of redis share: a link that notes what it says, and a real redis-server on
 * a port of its own, which may be ended and started again.
 */
#ifndef TEST_REDIS_SCENE_H
#define TEST_REDIS_SCENE_H

#include <arpa/inet.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/buffer.h"
#include "net/free_port.h"
#include "net/loop.h"
#include "net/turn.h"
#include "redis/redis_link.h"
#include "redis/redis_server.h"

#define UNUSED __attribute__((unused))

struct scene {
    struct loop *l;
    struct redis_link *r;
    struct redis_options options;
    pid_t server;
    unsigned readies, downs, subscribed, messages, replies, nulls;
    bool subscribe, close_on_message, restart_on_message, pause_on_message;
    char reason[512];
    struct buffer heard; /* "channel=payload;" */
    struct buffer reply;
};

/* ---- what the link says ---- */

static UNUSED void
on_ready(void *owner)
{
    struct scene *s = owner;

    s->readies++;
    assert_true(redis_link_ready(s->r));
    if (s->subscribe)
        redis_link_psubscribe(s->r, STR_LIT("test-*"));
}

static UNUSED void
on_down(void *owner, const char *reason)
{
    struct scene *s = owner;

    s->downs++;
    assert_false(redis_link_ready(s->r));
    snprintf(s->reason, sizeof(s->reason), "%s", reason);
}

static UNUSED void
on_message(void *owner, struct str channel, struct str payload)
{
    struct scene *s = owner;

    s->messages++;
    buffer_append_str(&s->heard, channel);
    buffer_append_char(&s->heard, '=');
    buffer_append_str(&s->heard, payload);
    buffer_append_char(&s->heard, ';');
    if (s->restart_on_message)
        redis_link_restart(s->r, "it was enough");
    if (s->pause_on_message)
        redis_link_pause(s->r);
    if (s->close_on_message)
        redis_link_close(s->r);
}

static UNUSED void
on_subscribed(void *owner)
{
    struct scene *s = owner;

    s->subscribed++;
}

static const struct redis_link_handlers handlers UNUSED = { on_ready, on_down, on_message,
    on_subscribed };

static UNUSED void
note_value(const struct redis_value *v, struct buffer *out)
{
    switch (v->kind) {
    case REDIS_NIL:
        buffer_append_text(out, "nil");
        return;
    case REDIS_INTEGER:
        buffer_printf(out, ":%lld", v->integer);
        return;
    case REDIS_STATUS:
        buffer_printf(out, "+%.*s", STR_ARG(v->text));
        return;
    case REDIS_ERROR:
        buffer_printf(out, "-%.*s", STR_ARG(v->text));
        return;
    case REDIS_STRING:
        buffer_printf(out, "$%.*s", STR_ARG(v->text));
        return;
    case REDIS_ARRAY:
        break;
    }
    buffer_append_char(out, '[');
    for (size_t i = 0; i < v->count; i++)
        note_value(&v->items[i], out);
    buffer_append_char(out, ']');
}

static UNUSED void
on_reply(void *owner, const struct redis_value *reply)
{
    struct scene *s = owner;

    s->replies++;
    s->nulls += reply == NULL;
    buffer_clear(&s->reply);
    if (reply)
        note_value(reply, &s->reply);
}

/* ---- servers ---- */

static UNUSED void
start_redis(struct scene *s, const char *option, const char *value)
{
    s->server = redis_server_start(s->options.port, option, value);
}

static UNUSED void
stop_redis(struct scene *s)
{
    if (s->server > 0)
        redis_server_stop(s->server);
    s->server = 0;
}

static UNUSED int
listen_on(unsigned port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static UNUSED void
set(struct scene *s)
{
    *s = (struct scene){ .l = loop_new() };
    s->options = (struct redis_options){
        .host = "127.0.0.1", .port = free_port(), .connect_timeout_ms = 20000
    };
}

static UNUSED void
open_link(struct scene *s)
{
    s->r = redis_link_open(s->l, &s->options, &handlers, s);
}

/* Attempts from before Redis was up do not count. */
static UNUSED void
await_ready(struct scene *s)
{
    TURN_UNTIL(s->l, s->readies);
    s->downs = 0;
}

static UNUSED void
tear_down(struct scene *s)
{
    redis_link_close(s->r);
    for (int i = 0; i < 3; i++)
        loop_turn(s->l);
    stop_redis(s);
    buffer_fini(&s->heard);
    buffer_fini(&s->reply);
    loop_free(s->l);
}

static UNUSED bool
command(struct scene *s, const char *a, const char *b, const char *c)
{
    const struct str argv[] = { str_of(a), str_of(b), str_of(c) };

    return redis_link_command(s->r, argv, c ? 3 : b ? 2 : 1, on_reply, s);
}

static UNUSED void
expect_reply(struct scene *s, const char *reply)
{
    unsigned before = s->replies;

    TURN_UNTIL(s->l, s->replies > before);
    buffer_append_char(&s->reply, '\0');
    assert_string_equal(s->reply.data, reply);
}

/* The first @ of a reason is where. */
static UNUSED void
expect_reason(struct scene *s, const char *format)
{
    const char *at = strchr(format, '@');
    char expected[512];

    snprintf(expected, sizeof(expected), "%.*s127.0.0.1:%u%s", (int)(at - format), format,
        s->options.port, at + 1);
    assert_string_equal(s->reason, expected);
}

static UNUSED struct redis_link *
open_publisher(struct scene *s)
{
    static const struct redis_link_handlers none = { 0 };
    struct redis_link *publisher = redis_link_open(s->l, &s->options, &none, NULL);

    TURN_UNTIL(s->l, redis_link_ready(publisher));
    return publisher;
}

#endif
