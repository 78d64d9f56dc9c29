/* SPDX-License-Identifier: MIT */
/*
 * sio_socket: the state of one client in the namespace "/", its id, and what is sent to it.
 */
#include "socket/sio_socket.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/budget.h"
#include "base/digest.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/timer.h"
#include "sio_priv.h"
#include "wire/sio_packet.h"

static const unsigned may_follow[] = {
    [SIO_WAITING] = BIT(SIO_CONNECTED) | BIT(SIO_CLOSED),
    [SIO_CONNECTED] = BIT(SIO_LEFT) | BIT(SIO_CLOSED),
    [SIO_LEFT] = BIT(SIO_CONNECTED) | BIT(SIO_CLOSED),
    [SIO_CLOSED] = 0,
};

static void
sio_socket_free(void *object)
{
    free(object);
}

/* The only place that writes s->state. */
static void
socket_enter(struct sio_socket *s, enum sio_state next)
{
    ENSURE(may_follow[s->state] & BIT(next));
    if (s->connect_limit) {
        timer_stop(s->connect_limit);
        loop_defer_free(s->server->loop, s->connect_limit, sio_socket_free); /* it may run now */
        s->connect_limit = NULL;
    }
    if (s->state == SIO_CONNECTED) {
        map_remove(&s->server->connected, sio_socket_id(s));
        if (s->public_id[0])
            map_remove(&s->server->disguised, str_slice(s->public_id, SIO_ID_LEN));
    }
    ENSURE(!s->owner || s->state == SIO_CONNECTED);
    s->state = (uint8_t)next;
    if (next == SIO_CONNECTED) {
        ENSURE(s->session && !map_get(&s->server->connected, sio_socket_id(s)));
        map_put(&s->server->connected, sio_socket_id(s), s);
    }
}

void
sio_socket_begin_assembly(struct sio_socket *s, unsigned missing, struct str text)
{
    struct budget *budget = loop_budget(s->server->loop);

    ENSURE(!s->assembly && missing > 0);
    s->assembly = mem_zalloc(sizeof(*s->assembly));
    s->assembly->missing = missing;
    budget_take(budget, sizeof(*s->assembly));
    if (text.len > 0)
        s->assembly->packet = bytes_count(bytes_new(text.data, text.len), budget);
}

void
sio_socket_drop_assembly(struct sio_socket *s)
{
    if (!s->assembly)
        return;
    bytes_unref(s->assembly->packet);
    budget_give(loop_budget(s->server->loop), sizeof(*s->assembly));
    free(s->assembly);
    s->assembly = NULL;
}

static void
socket_leave_for(struct sio_socket *s, enum sio_state next)
{
    bool was_connected = s->state == SIO_CONNECTED;
    void *owner = s->owner;

    socket_enter(s, next);
    s->owner = NULL;
    if (was_connected && s->server->handlers)
        s->server->handlers->on_disconnect(owner);
}

void
sio_socket_leave(struct sio_socket *s)
{
    socket_leave_for(s, SIO_LEFT);
}

void
sio_socket_end(struct sio_socket *s, enum eio_end why)
{
    if (s->state == SIO_CLOSED)
        return;
    sio_socket_drop_assembly(s);
    eio_session_close(s->session, why);
    socket_leave_for(s, SIO_CLOSED);
}

static void
socket_on_connect_limit(void *owner)
{
    sio_socket_end(owner, EIO_END_CONNECT_TIMEOUT);
}

static void
socket_new_id(struct sio_socket *s)
{
    char random[SIO_ID_BYTES];

    s->public_id[0] = '\0';
    if (s->version == EIO_3) {
        memcpy(s->id, eio_session_sid(s->session).data, SIO_ID_LEN);
        return;
    }
    digest_random(random, sizeof(random));
    (void)digest_base64url(random, sizeof(random), s->id);
}

static void
socket_send_connected(struct sio_socket *s)
{
    struct buffer *out = &s->server->scratch;

    if (s->version == EIO_3) {
        eio_session_send_text(s->session, STR_LIT("40"));
        return;
    }
    buffer_clear(out);
    buffer_append_text(out, "40{\"sid\":\"");
    buffer_append(out, s->id, SIO_ID_LEN);
    buffer_append_text(out, "\"}");
    eio_session_send_text(s->session, buffer_str(out));
}

void
sio_socket_enter(struct sio_socket *s, bool silently)
{
    socket_new_id(s);
    socket_enter(s, SIO_CONNECTED);
    if (!silently)
        socket_send_connected(s);
    if (s->server->handlers)
        s->server->handlers->on_connect(s->server->owner, s);
}

void
sio_socket_on_open(void *server, struct eio_session *session)
{
    struct sio_server *v = server;
    struct sio_socket *s = mem_zalloc(sizeof(*s));

    s->server = v;
    s->session = session;
    s->version = (uint8_t)eio_session_version(session);
    s->state = SIO_WAITING;
    eio_session_attach(session, s);
    if (s->version == EIO_3) {
        sio_socket_enter(s, false);
        return;
    }
    s->connect_limit = mem_alloc(sizeof(*s->connect_limit));
    timer_init(s->connect_limit, socket_on_connect_limit, s);
    timer_start(v->loop, s->connect_limit, v->limits.connect_timeout_ms);
}

void
sio_socket_on_close(void *socket, enum eio_end why)
{
    struct sio_socket *s = socket;

    (void)why; /* the engine logs and counts it */
    ENSURE(s->session);
    sio_socket_drop_assembly(s);
    s->session = NULL;
    loop_defer_free(s->server->loop, s, sio_socket_free);
    if (s->state != SIO_CLOSED)
        socket_leave_for(s, SIO_CLOSED);
}

size_t
sio_socket_weight(const void *socket)
{
    const struct sio_socket *s = socket;
    size_t weight = 0;

    if (s->assembly)
        weight = sizeof(*s->assembly) + (s->assembly->packet ? s->assembly->packet->len : 0);
    if (s->owner && s->server->handlers->weight)
        weight += s->server->handlers->weight(s->owner);
    return weight;
}

void
sio_socket_attach(struct sio_socket *s, void *owner)
{
    ENSURE(s->state == SIO_CONNECTED);
    s->owner = owner;
}

struct str
sio_socket_id(const struct sio_socket *s)
{
    return str_slice(s->id, SIO_ID_LEN);
}

/* The same for the same sid, so that a client that connects again is known by it again. */
static void
socket_disguise(struct sio_socket *s)
{
    const struct str salt = STR_LIT("echo-server public id");
    uint8_t digest[DIGEST_SHA256_SIZE];
    char text[64];

    memcpy(text, salt.data, salt.len);
    memcpy(text + salt.len, s->id, SIO_ID_LEN);
    digest_sha256(str_slice(text, salt.len + SIO_ID_LEN), digest);
    (void)digest_base64url(digest, SIO_ID_BYTES, s->public_id);
    if (s->state == SIO_CONNECTED)
        map_put(&s->server->disguised, str_slice(s->public_id, SIO_ID_LEN), s);
}

struct str
sio_socket_public_id(struct sio_socket *s)
{
    if (s->version != EIO_3)
        return sio_socket_id(s);
    if (s->public_id[0] == '\0')
        socket_disguise(s);
    return str_slice(s->public_id, SIO_ID_LEN);
}

const char *
sio_socket_log_id(struct sio_socket *s, char out[SIO_SOCKET_LOG_SIZE])
{
    struct str id = sio_socket_public_id(s);
    int shown = s->version == EIO_3 ? 6 : 0;

    (void)snprintf(
        out, SIO_SOCKET_LOG_SIZE, "%.*s%s%.*s", STR_ARG(id), shown > 0 ? "/" : "", shown, s->id);
    return out;
}

struct eio_session *
sio_socket_session(const struct sio_socket *s)
{
    return s->session;
}

void
sio_socket_emit(struct sio_socket *s, struct str name, struct str channel, struct str data)
{
    struct buffer *out = &s->server->scratch;

    if (s->state != SIO_CONNECTED)
        return;
    buffer_clear(out);
    sio_packet_event(name, channel, data, out);
    eio_session_send_text(s->session, buffer_str(out));
}

void
sio_socket_ack(struct sio_socket *s, int64_t id, struct str args)
{
    struct buffer *out = &s->server->scratch;

    if (s->state != SIO_CONNECTED)
        return;
    buffer_clear(out);
    sio_packet_ack(id, args, out);
    eio_session_send_text(s->session, buffer_str(out));
}
