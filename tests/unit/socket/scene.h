/* SPDX-License-Identifier: MIT */
/*
 * scene: one session of a fake engine that records what is sent, the socket layer over it, and an
 * owner that counts what it hears.  Included by one test file each; it defines the engine's
 * functions.
 */
#ifndef TEST_SOCKET_SCENE_H
#define TEST_SOCKET_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/engine.h"
#include "net/loop.h"
#include "socket/sio_server.h"
#include "socket/sio_socket.h"

#define SID "AAAABBBBCCCCDDDDEEEE"

/* ---- the fake engine ---- */

struct eio_session {
    void *owner;
    unsigned version;
    bool closed;
    enum eio_end why;
    char sent[512]; /* texts, each with a '|' behind it */
};

static const struct engine_handlers *engine_handlers;
static void *engine_owner;

void
engine_attach(struct engine *e, const struct engine_handlers *h, void *owner)
{
    (void)e;
    engine_handlers = h;
    engine_owner = owner;
}

const struct engine_limits *
engine_get_limits(const struct engine *e)
{
    static const struct engine_limits limits = { .message_bytes = 1000 };

    (void)e;
    return &limits;
}

void
eio_session_attach(struct eio_session *s, void *owner)
{
    s->owner = owner;
}

void
eio_session_send_text(struct eio_session *s, struct str text)
{
    size_t used = strlen(s->sent);

    if (s->closed)
        return;
    assert_true(used + text.len + 2 < sizeof(s->sent));
    memcpy(s->sent + used, text.data, text.len);
    s->sent[used + text.len] = '|';
}

void
eio_session_close(struct eio_session *s, enum eio_end why)
{
    if (s->closed)
        return;
    s->closed = true;
    s->why = why;
}

void
eio_session_pause(struct eio_session *s)
{
    (void)s;
}

void
eio_session_resume(struct eio_session *s)
{
    (void)s;
}

unsigned
eio_session_version(const struct eio_session *s)
{
    return s->version;
}

struct str
eio_session_sid(const struct eio_session *s)
{
    (void)s;
    return STR_LIT(SID);
}

struct str
eio_session_cookie(const struct eio_session *s)
{
    (void)s;
    return STR_LIT("a=b");
}

struct str
eio_session_address(const struct eio_session *s)
{
    (void)s;
    return STR_LIT("");
}

struct str
eio_session_referer(const struct eio_session *s)
{
    (void)s;
    return STR_LIT("");
}

/* ---- the layer above ---- */

struct owner {
    struct sio_socket *socket;
    unsigned connects, events, disconnects;
    char name[64], argument[128];
    int64_t ack;
    bool had_argument;
};

static struct owner owner;
static struct loop *loop;
static struct sio_server *server;
static struct eio_session session;

static inline void
on_connect(void *layer, struct sio_socket *s)
{
    assert_ptr_equal(layer, &loop);
    owner.connects++;
    owner.socket = s;
    sio_socket_attach(s, &owner);
}

static inline void
on_event(void *socket_owner, const struct sio_event *e)
{
    struct owner *o = socket_owner;

    o->events++;
    o->ack = e->ack;
    o->had_argument = e->argument.len > 0;
    memcpy(o->name, e->name.data, e->name.len);
    o->name[e->name.len] = '\0';
    if (o->had_argument)
        memcpy(o->argument, e->argument.data, e->argument.len);
    o->argument[e->argument.len] = '\0';
}

static inline void
on_disconnect(void *socket_owner)
{
    ((struct owner *)socket_owner)->disconnects++;
}

static inline int
setup(void **state)
{
    static const struct sio_handlers handlers = { on_connect, on_event, on_disconnect, NULL };
    const struct sio_limits limits = { .connect_timeout_ms = 60 };

    (void)state;
    owner = (struct owner){ 0 };
    session = (struct eio_session){ 0 };
    loop = loop_new();
    server = sio_server_open(loop, NULL, &limits);
    sio_server_attach(server, &handlers, &loop);
    return 0;
}

static inline void
session_begin(unsigned version)
{
    session = (struct eio_session){ .version = version };
    engine_handlers->on_open(engine_owner, &session);
}

static inline void
session_end(void)
{
    if (!session.owner)
        return;
    engine_handlers->on_close(session.owner, session.closed ? session.why : EIO_END_PEER);
    session = (struct eio_session){ 0 };
    loop_turn(loop);
}

static inline int
teardown(void **state)
{
    (void)state;
    session_end();
    sio_server_close(server);
    loop_stop(loop);
    loop_run(loop);
    loop_free(loop);
    return 0;
}

static inline void
says(const char *text)
{
    engine_handlers->on_message(session.owner, str_of(text), false);
}

static inline void
says_binary(size_t len)
{
    static const char zeros[2000];

    engine_handlers->on_message(session.owner, str_slice(zeros, len), true);
}

static inline void
connect_version(unsigned version)
{
    session_begin(version);
    if (version == 4)
        says("0");
    assert_int_equal(owner.connects, 1);
    session.sent[0] = '\0';
    memset(session.sent, 0, sizeof(session.sent));
}

#endif
