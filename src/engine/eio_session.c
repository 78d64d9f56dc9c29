/* SPDX-License-Identifier: MIT */
/*
 * eio_session: one client's Engine.IO session.
 *
 * What the layer above asks for happens at once; on_close comes at the end of the turn
 * (eio_session_settle), so that a close inside a fan-out or a callback is harmless.
 */
#include "engine/eio_session.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "eio_message_priv.h"
#include "eio_session_priv.h"
#include "engine_priv.h"
#include "net/shares.h"
#include "net/stream.h"
#include "ws_writer.h"

enum {
    GOODBYE_MS = 30000, /* how long a closed session keeps its goodbye for the next poll */
    AHEAD = 6,          /* receivers from the one that is served to the one that is fetched */
    SID_SHOWN = 6,      /* characters of a live session's, which is its key */
    ENDS_LOGGED = 1000, /* in LOG_GATE_MS: this line is the log of accesses */
};

/*
 * OPEN ----candidate--> PROBING ----upgrade packet----------> OPEN
 *   |                      |  `----candidate lost, too slow-> OPEN
 *   |----------------------'
 *   |----closed without a poll-------> LEAVING ----poll, 30 s--> CLOSED
 *   `----closed------------------------------------------------> CLOSED
 *
 * OPEN     one transport: active.
 * PROBING  two: active still carries messages, the candidate only the handshake.
 * LEAVING  active is a polling transport without a poll; no message passes any more.
 * CLOSED   no transport, not in the map; freed after on_close.
 */
static const unsigned may_follow[] = {
    [SESSION_OPEN] = BIT(SESSION_PROBING) | BIT(SESSION_LEAVING) | BIT(SESSION_CLOSED),
    [SESSION_PROBING] = BIT(SESSION_OPEN),
    [SESSION_LEAVING] = BIT(SESSION_CLOSED),
    [SESSION_CLOSED] = 0,
};

static const char *const state_name[] = {
    [SESSION_OPEN] = "open",
    [SESSION_PROBING] = "probing",
    [SESSION_LEAVING] = "leaving",
    [SESSION_CLOSED] = "closed",
};

/* The only place that writes s->state. */
void
eio_session_enter(struct eio_session *s, enum session_state next)
{
    ENSURE(may_follow[s->state] & BIT(next));
    ENSURE((next == SESSION_PROBING) == (s->probing != NULL));
    log_debug(
        "session %.*s...: %s -> %s", SID_SHOWN, s->sid, state_name[s->state], state_name[next]);
    s->state = (uint8_t)next;
}

bool
eio_session_live(const struct eio_session *s)
{
    return s->state == SESSION_OPEN || s->state == SESSION_PROBING;
}

bool
eio_session_is_polling(const struct eio_session *s)
{
    return s->active && s->active->ops->hand_over;
}

void
eio_session_mark(struct eio_session *s)
{
    struct engine *e = s->engine;
    if (list_empty(&s->node))
        list_append(&e->dirty, &s->node);
    loop_end_of_turn(e->loop, &e->turn);
}

/* ---- birth ---- */

static void session_on_due(void *owner);

void
eio_session_init(struct eio_session *s, struct engine *e, enum eio_version v)
{
    budget_take(e->budget, EIO_SESSION_BYTES);
    s->engine = e;
    s->state = SESSION_OPEN;
    s->told = true;
    s->opened_ms = loop_now_ms(e->loop);
    list_init(&s->node);
    heartbeat_init(&s->heartbeat, v, session_on_due, s);
    ENSURE(map_put(&e->sessions, eio_session_sid(s), s) == NULL);
    e->count++;
}

void
eio_session_activate(struct eio_session *s, struct eio_transport *t)
{
    ENSURE(eio_session_live(s) && t->session == s);
    s->active = t;
    s->direct = t->stream;
    s->deflate = t->deflate;
    if (s->pauses > 0)
        t->ops->pause(t);
}

void
eio_session_leave_probing(struct eio_session *s, struct eio_transport *loser)
{
    struct eio_probing *u = s->probing;

    ENSURE(s->state == SESSION_PROBING && loser != s->active);
    timer_stop(&u->limit);
    s->probing = NULL;
    free(u);
    eio_session_enter(s, SESSION_OPEN);
    eio_session_mark(s); /* it may be adrift now */
    loser->ops->close(loser, EIO_END_LOCAL);
}

/* ---- sending ---- */

void
eio_session_send(struct eio_session *s, struct eio_message *m)
{
    const struct engine_limits *limits = s->engine->limits;
    bool fits = true;

    if (s->direct) {
        struct bytes *frame =
            s->deflate ? eio_message_deflated(m, limits->deflate_threshold) : eio_message_frame(m);
        fits = ws_writer_queue(s->direct, frame, limits->queue_bytes);
    } else if (eio_session_live(s)) {
        fits = s->active->ops->send(s->active, m);
    }
    if (!fits)
        eio_session_end(s, EIO_END_SLOW);
}

void
eio_session_send_text(struct eio_session *s, struct str text)
{
    if (s->direct && !s->deflate) {
        struct bytes *frame = bytes_count(ws_writer_frame(WS_TEXT, false, text), s->engine->budget);
        bool fits = ws_writer_queue(s->direct, frame, s->engine->limits->queue_bytes);
        bytes_unref(frame);
        if (!fits)
            eio_session_end(s, EIO_END_SLOW);
        return;
    }
    if (!eio_session_live(s))
        return;
    struct bytes *copy = bytes_new(text.data, text.len);
    struct eio_message *m = eio_message_new(s->engine->budget, copy);
    bytes_unref(copy);
    eio_session_send(s, m);
    eio_message_release(m);
}

/* The inner loop of every broadcast.  Its cost is the memory of the receivers, too much for any
 * cache when there are thousands: what is needed next is fetched while this one is served. */
size_t
eio_session_broadcast(struct eio_session *const *sessions, size_t count, struct bytes *text,
    const struct eio_session *except)
{
    struct eio_message *m = eio_message_new(count > 0 ? sessions[0]->engine->budget : NULL, text);
    size_t sent = 0;

    for (size_t i = 0; i < count; i++) {
        /* The session says where its stream is: so it is fetched a step before that. */
        if (i + (size_t)2 * AHEAD < count)
            __builtin_prefetch(sessions[i + (size_t)2 * AHEAD]);
        if (i + AHEAD < count)
            stream_prefetch(sessions[i + AHEAD]->direct);
        if (sessions[i] == except)
            continue;
        eio_session_send(sessions[i], m);
        sent++;
    }
    eio_message_release(m);
    return sent;
}

/* ---- end ---- */

static const char *const end_name[] = {
    [EIO_END_PEER] = "peer",
    [EIO_END_LOCAL] = "local",
    [EIO_END_PING_TIMEOUT] = "ping timeout",
    [EIO_END_ABSENT] = "absent",
    [EIO_END_EVICTED] = "evicted",
    [EIO_END_CONNECT_TIMEOUT] = "connect timeout",
    [EIO_END_PARSE] = "parse error",
    [EIO_END_TOO_LARGE] = "too large",
    [EIO_END_INFLATION] = "inflation",
    [EIO_END_FLOOD] = "flood",
    [EIO_END_OVERLAP] = "overlap",
    [EIO_END_SLOW] = "slow",
    [EIO_END_MEMORY] = "memory",
    [EIO_END_TRANSPORT] = "transport error",
    [EIO_END_SHUTDOWN] = "shutdown",
};

/* Every way to CLOSED. */
static void
session_close_now(struct eio_session *s)
{
    struct eio_transport *t = s->active;

    ENSURE(t && !s->direct && s->why < COUNT_OF(end_name));
    eio_session_enter(s, SESSION_CLOSED);
    timer_stop(&s->heartbeat.timer);
    ENSURE(map_remove(&s->engine->sessions, eio_session_sid(s)) == s);
    s->active = NULL;
    t->ops->close(t, (enum eio_end)s->why);
    log_gated(LOG_LEVEL_INFO, ENDS_LOGGED,
        "session end sid=%.*s ip=%s scheme=%s transport=%s why=%s in=%llu out=%llu ms=%llu",
        EIO_SESSION_SID_LEN, s->sid, s->client, s->secure ? "https" : "http", t->ops->name,
        LOG_STR(str_of(end_name[s->why])), (unsigned long long)s->bytes_in,
        (unsigned long long)s->bytes_out,
        (unsigned long long)(loop_now_ms(s->engine->loop) - s->opened_ms));
    eio_session_mark(s);
}

static void
session_stop(struct eio_session *s, enum eio_end why)
{
    if (s->probing)
        eio_session_leave_probing(s, s->probing->candidate);
    s->why = (uint8_t)why;
    s->direct = NULL;
}

void
eio_session_end(struct eio_session *s, enum eio_end why)
{
    if (s->state == SESSION_CLOSED)
        return;
    if (eio_session_live(s))
        session_stop(s, why);
    session_close_now(s);
}

void
eio_session_close(struct eio_session *s, enum eio_end why)
{
    if (!eio_session_live(s))
        return;
    session_stop(s, why);
    if (s->active->ops->reachable(s->active)) {
        session_close_now(s);
        return;
    }
    eio_session_enter(s, SESSION_LEAVING);
    timer_start(s->engine->loop, &s->heartbeat.timer, GOODBYE_MS);
    eio_session_mark(s);
}

size_t
eio_session_weight(const struct eio_session *s)
{
    const struct bytes *texts[] = { s->cookie, s->referer };
    size_t weight = EIO_SESSION_BYTES + s->active->ops->weight(s->active);

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (texts[i])
            weight += texts[i]->len / atomic_load(&texts[i]->refs);
    }
    if (s->probing)
        weight += s->probing->candidate->ops->weight(s->probing->candidate);
    if (!s->told && s->owner && s->engine->handlers->weight)
        weight += s->engine->handlers->weight(s->owner);
    return weight;
}

static void
session_free(void *object)
{
    struct eio_session *s = object;
    struct engine *e = s->engine;

    ENSURE(e->count > 0 && s->told && !s->active && list_empty(&s->node));
    texts_drop(&e->texts, s->cookie);
    texts_drop(&e->texts, s->referer);
    budget_give(e->budget, EIO_SESSION_BYTES);
    shares_give_back(s->share, SHARES_SESSIONS);
    free(s);
    e->count--;
    if (e->count == 0 && e->emptied)
        loop_end_of_turn(e->loop, e->emptied);
}

void
eio_session_settle(struct eio_session *s)
{
    if (s->active)
        s->active->ops->settle(s->active);
    if (!eio_session_live(s) && !s->told) {
        s->told = true;
        if (s->owner)
            s->engine->handlers->on_close(s->owner, (enum eio_end)s->why);
    }
    if (s->state != SESSION_CLOSED)
        return;
    list_remove(&s->node);
    loop_defer_free(s->engine->loop, s, session_free);
}

/* ---- heartbeat ---- */

static void
session_on_due(void *owner)
{
    struct eio_session *s = owner;

    if (s->state == SESSION_LEAVING) {
        session_close_now(s); /* no poll came for the goodbye */
        return;
    }
    switch (heartbeat_due(&s->heartbeat, s->engine)) {
    case HEARTBEAT_ASK:
        eio_session_send(s, s->engine->ping);
        return;
    case HEARTBEAT_ABSENT:
        eio_session_end(s, EIO_END_ABSENT);
        return;
    case HEARTBEAT_DEAD:
        if (s->pauses > 0)
            timer_start(s->engine->loop, &s->heartbeat.timer, /* we were not reading */
                s->engine->limits->ping_timeout_ms);
        else
            eio_session_end(s, EIO_END_PING_TIMEOUT);
    }
}

/* ---- packets ---- */

void
eio_session_packet(struct eio_session *s, struct eio_transport *from, const struct eio_packet *p)
{
    if (!eio_session_live(s) || from != s->active)
        return; /* it follows a close, or an upgrade, in the same payload */
    heartbeat_saw(&s->heartbeat, s->engine, p->type);
    if (!engine_admits(s->engine, s->share, p->data.len)) {
        eio_session_end(s, EIO_END_FLOOD);
        return;
    }
    switch (p->type) {
    case EIO_PING:
        /* In 3 the client beats; in 4 it must not. */
        if (eio_session_version(s) == EIO_3)
            eio_session_send(s, s->engine->pong);
        else
            eio_session_end(s, EIO_END_PARSE);
        return;
    case EIO_CLOSE:
        eio_session_end(s, EIO_END_PEER);
        return;
    case EIO_MESSAGE:
        if (s->owner)
            s->engine->handlers->on_message(s->owner, p->data, p->binary);
        return;
    case EIO_OPEN:
    case EIO_PONG:
    case EIO_UPGRADE:
    case EIO_NOOP:
        return; /* nothing more to do, or it means nothing on a live transport */
    }
}

void
eio_session_lost(struct eio_session *s, struct eio_transport *from, enum eio_end why)
{
    if (s->probing && from == s->probing->candidate)
        eio_session_leave_probing(s, from);
    else if (from == s->active)
        eio_session_end(s, why);
}

/* ---- what the owner asks ---- */

void
eio_session_attach(struct eio_session *s, void *owner)
{
    s->owner = owner;
}

void
eio_session_pause(struct eio_session *s)
{
    ENSURE(s->pauses < UINT16_MAX);
    if (s->pauses++ == 0 && s->active)
        s->active->ops->pause(s->active);
}

void
eio_session_resume(struct eio_session *s)
{
    ENSURE(s->pauses > 0);
    if (--s->pauses == 0 && s->active)
        eio_session_mark(s);
}

unsigned
eio_session_version(const struct eio_session *s)
{
    return s->heartbeat.version;
}

struct str
eio_session_sid(const struct eio_session *s)
{
    return str_slice(s->sid, EIO_SESSION_SID_LEN);
}

struct str
eio_session_address(const struct eio_session *s)
{
    return str_of(s->client);
}

struct str
eio_session_cookie(const struct eio_session *s)
{
    return texts_str(s->cookie);
}

struct str
eio_session_referer(const struct eio_session *s)
{
    return texts_str(s->referer);
}

struct share *
eio_session_share(const struct eio_session *s)
{
    return s->share;
}
