/* SPDX-License-Identifier: MIT */
/*
 * stage: an engine behind a real port, and an owner of its sessions that does what messages tell
 * it.
 */
#ifndef TESTS_ENGINE_STAGE_H
#define TESTS_ENGINE_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/list.h"
#include "base/mem.h"
#include "engine/eio_message.h"
#include "engine/eio_session.h"
#include "engine/engine.h"
#include "http/http_conn.h"
#include "net/listener.h"
#include "net/loop.h"

struct party {
    struct list node;
    struct eio_session *session;
    struct server *server;
};

struct server {
    struct loop *loop;
    struct listener *listener;
    struct engine *engine;
    struct engine_limits limits;
    struct http_limits http;
    uint16_t port;
    struct list parties;
    unsigned opened, closed;
    enum eio_end why;
    struct buffer heard; /* messages, each with a blank after it */
    unsigned foreign;
};

static inline void
send_text(struct eio_session *s, const char *text)
{
    eio_session_send_text(s, str_of(text));
}

static inline void
on_open(void *owner, struct eio_session *s)
{
    struct server *v = owner;
    struct party *p = mem_zalloc(sizeof(*p));

    p->session = s;
    p->server = v;
    list_append(&v->parties, &p->node);
    v->opened++;
    eio_session_attach(s, p);
    if (eio_session_version(s) == 3)
        send_text(s, "40");
}

/* "close", "pause", "twice", "flood" are orders; all else is answered with an echo. */
static inline void
on_message(void *owner, struct str data, bool binary)
{
    struct party *p = owner;
    struct buffer echo = { 0 };

    buffer_append_str(&p->server->heard, data);
    buffer_append_text(&p->server->heard, binary ? "(binary) " : " ");
    buffer_append_text(&echo, "4echo:");
    buffer_append_str(&echo, data);
    if (str_is(data, "pause"))
        eio_session_pause(p->session);
    if (str_is(data, "twice"))
        eio_session_send_text(p->session, buffer_str(&echo));
    if (str_is(data, "close"))
        eio_session_close(p->session, EIO_END_LOCAL);
    else
        eio_session_send_text(p->session, buffer_str(&echo));
    buffer_fini(&echo);
}

static inline void
on_close(void *owner, enum eio_end why)
{
    struct party *p = owner;
    p->server->closed++;
    p->server->why = why;
    list_remove(&p->node);
    free(p);
}

static inline void
on_foreign(void *owner, struct http_exchange *x, unsigned worker)
{
    struct server *v = owner;
    v->foreign = worker;
    engine_answer_unknown(x);
}

static inline void
on_request(void *owner, struct http_exchange *x, const struct http_request *r)
{
    struct server *v = owner;
    if (!engine_offer(v->engine, x, r))
        http_exchange_reply_text(x, 404, "text/plain", "not the engine's");
}

static inline void
on_conn_end(void *owner, struct http_conn *c)
{
    (void)owner, (void)c;
}

static inline void
on_accept(void *owner, struct stream *s)
{
    static const struct http_conn_handlers handlers = {
        .on_request = on_request,
        .on_end = on_conn_end,
    };
    struct server *v = owner;
    (void)http_conn_open(s, &v->http, &handlers, v);
}

static inline uint16_t
port_of(int fd)
{
    struct sockaddr_in a;
    socklen_t len = sizeof(a);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    return ntohs(a.sin_port);
}

static inline void
server_listen(struct server *v)
{
    static const struct listener_handlers handlers = { .on_accept = on_accept };
    struct buffer error = { 0 };
    bool in_use;
    int fd;

    assert_true(listener_bind("127.0.0.1", 0, 1, &fd, &in_use, &error));
    v->port = port_of(fd);
    v->listener = listener_open(v->loop, fd, &handlers, v);
    assert_non_null(v->listener);
}

/* Limits may be changed until the first request. */
static inline int
server_begin(void **state)
{
    static const struct engine_handlers handlers = { on_open, on_message, on_close, NULL };
    struct server *v = mem_zalloc(sizeof(*v));

    v->limits = (struct engine_limits){
        .path = "/socket.io/",
        .ping_interval_ms = 25000,
        .ping_timeout_ms = 20000,
        .upgrade_timeout_ms = 10000,
        .message_bytes = 100000,
        .queue_bytes = 4 << 20,
        .polling = true,
        .websocket = true,
        .allow_upgrades = true,
        .deflate_threshold = 1024,
        .compression = true,
        .compression_threshold = 1024,
        .cookie3_name = "io=",
        .cookie3_attributes = "; Path=/; HttpOnly; SameSite=Strict",
    };
    v->http = (struct http_limits){ 16384, 100, 10000, 10000, 16384, 10000, 1024 };
    list_init(&v->parties);
    v->loop = loop_new();
    v->engine = engine_open(v->loop, 3, &v->limits, NULL);
    engine_attach(v->engine, &handlers, v);
    server_listen(v);
    *state = v;
    return 0;
}

static inline int
server_end(void **state)
{
    struct server *v = *state;

    engine_shutdown(v->engine, NULL);
    listener_close(v->listener);
    loop_stop(v->loop);
    loop_run(v->loop);
    assert_int_equal(engine_session_count(v->engine), 0);
    assert_int_equal(v->opened, v->closed);
    engine_close(v->engine);
    loop_turn(v->loop);
    loop_free(v->loop);
    buffer_fini(&v->heard);
    free(v);
    return 0;
}

static inline struct eio_session *
only_session(struct server *v)
{
    assert_false(list_empty(&v->parties));
    return LIST_ENTRY(v->parties.next, struct party, node)->session;
}

#define ENGINE_TEST(name) cmocka_unit_test_setup_teardown(name, server_begin, server_end)

#endif
