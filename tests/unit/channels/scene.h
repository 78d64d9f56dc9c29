/* SPDX-License-Identifier: MIT */
/*
 * scene: a worker's channels between fakes: sockets, the hub and the application write down what
 * happens to them as a story, a line each.  Included by one test file each; it defines the
 * functions of those layers.
 */
#ifndef TEST_CHANNELS_SCENE_H
#define TEST_CHANNELS_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "channels/channels.h"
#include "engine/eio_session.h"
#include "hub/hub_link.h"
#include "net/loop.h"
#include "socket/sio_server.h"
#include "wire/sio_packet.h"

enum { ASKS_MAX = 2048 };

/* ---- what happened, a line each ---- */

static struct buffer story;

static inline void
tell(const char *format, ...)
{
    char line[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    buffer_append_text(&story, line);
    buffer_append_char(&story, '\n');
}

#define story_is(expected) assert_told(&story, expected)

/* ---- fake sockets ---- */

struct sio_socket {
    const char *id, *public_id;
    void *owner;
    int paused;
};

static const struct sio_handlers *socket_handlers;
static void *socket_layer;
static struct sio_socket *known[2];

void
sio_server_attach(struct sio_server *v, const struct sio_handlers *h, void *owner)
{
    (void)v;
    socket_handlers = h;
    socket_layer = owner;
}

struct sio_socket *
sio_server_find(const struct sio_server *v, struct str id)
{
    (void)v;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        if (known[i] && (str_is(id, known[i]->id) || str_is(id, known[i]->public_id)))
            return known[i];
    }
    return NULL;
}

void
sio_socket_attach(struct sio_socket *s, void *owner)
{
    s->owner = owner;
}

struct str
sio_socket_id(const struct sio_socket *s)
{
    return str_of(s->id);
}

const char *
sio_socket_log_id(struct sio_socket *s, char out[SIO_SOCKET_LOG_SIZE])
{
    (void)s;
    out[0] = '\0';
    return out;
}

struct str
sio_socket_public_id(struct sio_socket *s)
{
    return str_of(s->public_id);
}

struct str
eio_session_sid(const struct eio_session *s)
{
    return str_of(((const struct sio_socket *)s)->id);
}

struct str
eio_session_cookie(const struct eio_session *s)
{
    (void)s;
    return STR_LIT("cookie");
}

struct str
eio_session_address(const struct eio_session *s)
{
    (void)s;
    return STR_LIT("");
}

struct share *
eio_session_share(const struct eio_session *s)
{
    (void)s;
    return NULL;
}

struct str
eio_session_referer(const struct eio_session *s)
{
    (void)s;
    return STR_LIT("referer");
}

struct eio_session *
sio_socket_session(const struct sio_socket *s)
{
    return (struct eio_session *)s;
}

void
eio_session_pause(struct eio_session *s)
{
    ((struct sio_socket *)s)->paused++;
}

void
eio_session_resume(struct eio_session *s)
{
    ((struct sio_socket *)s)->paused--;
}

void
sio_socket_emit(struct sio_socket *s, struct str name, struct str channel, struct str data)
{
    tell("%s < %.*s %.*s %.*s", s->id, STR_ARG(name), STR_ARG(channel), STR_ARG(data));
}

void
sio_socket_ack(struct sio_socket *s, int64_t id, struct str args)
{
    tell("%s < ack %lld %.*s", s->id, (long long)id, STR_ARG(args));
}

size_t
eio_session_broadcast(struct eio_session *const *sessions, size_t count, struct bytes *text,
    const struct eio_session *except)
{
    for (size_t i = 0; i < count; i++) {
        if (sessions[i] != except)
            tell("%s < %.*s", ((const struct sio_socket *)sessions[i])->id,
                STR_ARG(bytes_str(text)));
    }
    return count;
}

#include "fake_hub.h"

/* ---- the fake application ---- */

struct auth_ask {
    struct auth_question question; /* borrowed, as auth does it */
    void (*on_verdict)(void *owner, const struct auth_verdict *v);
    void *owner;
};

static struct auth_ask *asks[ASKS_MAX];
static unsigned ask_count;
static enum auth_refusal next_refusal;

void
auth_line_init(struct auth_line *line)
{
    list_init(&line->node);
    list_init(&line->waiting);
}

void
auth_line_fini(struct auth *a, struct auth_line *line)
{
    (void)a;
    (void)line;
}

void
auth_set_limits(struct auth *a, const struct auth_limits *l)
{
    (void)a;
    (void)l;
}

enum auth_refusal
auth_begin(struct auth *a, const struct auth_question *q,
    void (*on_verdict)(void *owner, const struct auth_verdict *v), void *owner,
    struct auth_ask **ask)
{
    (void)a;
    assert_true(str_is(q->cookie, "cookie"));
    assert_true(str_is(q->referer, "referer"));
    *ask = NULL;
    if (next_refusal != AUTH_OK)
        return next_refusal;
    tell("ask %.*s %.*s", STR_ARG(q->channel), STR_ARG(q->headers));
    *ask = mem_zalloc(sizeof(**ask));
    (*ask)->question = *q;
    (*ask)->on_verdict = on_verdict;
    (*ask)->owner = owner;
    asks[ask_count++] = *ask;
    return AUTH_OK;
}

static inline void
forget_ask(struct auth_ask *ask)
{
    for (unsigned i = 0; i < ask_count; i++) {
        if (asks[i] == ask)
            asks[i] = NULL;
    }
    free(ask);
}

void
auth_cancel(struct auth_ask *ask)
{
    tell("cancel");
    forget_ask(ask);
}

static inline void
verdict(unsigned n, const struct auth_verdict *v)
{
    struct auth_ask ask = *asks[n];

    forget_ask(asks[n]);
    ask.on_verdict(ask.owner, v);
}

static inline void
application_answers(unsigned n, unsigned status, const char *cause)
{
    verdict(n, &(struct auth_verdict){ .status = status, .body = STR_LIT("true"), .cause = cause });
}

static inline void
application_admits(unsigned n, const char *body)
{
    verdict(n, &(struct auth_verdict){ .status = 200, .body = str_of(body) });
}

/* ---- the scene ---- */

static struct loop *loop;
static struct channels *channels;
static struct channels_limits limits;
static struct sio_socket ann = { .id = "ann", .public_id = "public-ann" };
static struct sio_socket bob = { .id = "bob", .public_id = "public-bob" };

static inline void
connect_socket(int n, struct sio_socket *s)
{
    known[n] = s;
    s->paused = 0;
    socket_handlers->on_connect(socket_layer, s);
}

static inline void
disconnect_socket(int n)
{
    struct sio_socket *s = known[n];

    known[n] = NULL;
    if (s)
        socket_handlers->on_disconnect(s->owner);
}

static inline int
setup(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    limits = (struct channels_limits){
        .channels = 3, .name_bytes = 20, .whisper_bytes = 100, .key_prefix = "x_"
    };
    memset(questions, 0, sizeof(questions));
    last_token = 0;
    ask_count = 0;
    forgotten = 0;
    socket_count = 0;
    hub_full = false;
    next_refusal = AUTH_OK;
    buffer_clear(&story);
    loop = loop_new();
    channels = channels_open(loop, NULL, NULL, NULL, &limits);
    connect_socket(0, &ann);
    connect_socket(1, &bob);
    return 0;
}

static inline int
teardown(void **state)
{
    (void)state;
    disconnect_socket(0);
    disconnect_socket(1);
    loop_turn(loop);
    assert_int_equal(socket_count, 0);
    for (unsigned i = 0; i < ask_count; i++)
        assert_null(asks[i]);
    channels_close(channels);
    buffer_fini(&story);
    loop_stop(loop);
    loop_run(loop);
    loop_free(loop);
    return 0;
}

static inline void
says_with_ack(struct sio_socket *s, const char *name, const char *argument, int64_t ack)
{
    const struct sio_event e = { str_of(name), str_of(argument), ack };

    socket_handlers->on_event(s->owner, &e);
}

static inline void
says(struct sio_socket *s, const char *name, const char *argument)
{
    says_with_ack(s, name, argument, SIO_NO_ACK);
}

static inline void
subscribes(struct sio_socket *s, const char *channel)
{
    char argument[512];

    (void)snprintf(argument, sizeof(argument), "{\"channel\":\"%s\"}", channel);
    says(s, "\"subscribe\"", argument);
}

static inline void
unsubscribes(struct sio_socket *s, const char *channel)
{
    char argument[512];

    (void)snprintf(argument, sizeof(argument), "{\"channel\":\"%s\",\"auth\":{}}", channel);
    says(s, "\"unsubscribe\"", argument);
}

#endif
