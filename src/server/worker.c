/* SPDX-License-Identifier: MIT */
/*
 * worker: puts the layers of one thread together, and takes them apart.
 */
#include "worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "api/api.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "channels/auth.h"
#include "engine/engine.h"
#include "http/http_conn.h"
#include "hub/hub_link.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/mailbox.h"
#include "net/shares.h"
#include "net/stream.h"
#include "pages/pages.h"
#include "sandbox/cage.h"
#include "snapshot.h"
#include "socket/sio_server.h"
#include "tls/tls_server.h"
#include "worker_priv.h"

enum { MOVES_BYTES = 16 << 20, NAME_SIZE = 16 };
/* A connection with a request's head, and what came after it. */
enum { MOVE_COST = 16384 };

static const unsigned may_follow[] = {
    [WORKER_SERVING] = BIT(WORKER_DRAINING) | BIT(WORKER_CLOSED),
    [WORKER_DRAINING] = BIT(WORKER_CLOSED),
    [WORKER_CLOSED] = 0,
};

/* The only place that writes w->state. */
static void
worker_enter(struct worker *w, enum worker_state next)
{
    ENSURE(may_follow[w->state] & BIT(next));
    w->state = next;
}

/* ---- what the main thread and other workers say ---- */

/* X(ENUM, name): worker_on_<name>() on the worker's thread. */
#define MESSAGES(X)                                                                                \
    X(STOP, stop)                                                                                  \
    X(MOVE, move)                                                                                  \
    X(RENEW, renew)                                                                                \
    X(RENEW_TLS, renew_tls)

/* What a message carries: one of these, or nothing. */
struct content {
    struct http_parcel *parcel;    /* MOVE; the receiver's */
    const struct snapshot *limits; /* RENEW; the main thread's */
    struct tls_context *tls;       /* RENEW_TLS; a reference */
};

struct worker_message {
    struct message base;
    struct content content;
};

/* The content is the handler's from here on. */
static struct content
worker_unwrap(struct message *m)
{
    struct content c = ((struct worker_message *)m)->content;

    free(m);
    return c;
}

static void
worker_drop_message(struct message *m)
{
    struct content c = worker_unwrap(m);

    http_conn_drop_parcel(c.parcel);
    tls_server_unref(c.tls);
}

#define DELIVER(ENUM, name)                                                                        \
    static void worker_on_##name(struct worker *w, const struct content *c);                       \
    static void worker_deliver_##name(void *owner, struct message *m)                              \
    {                                                                                              \
        struct content c = worker_unwrap(m);                                                       \
        worker_on_##name(owner, &c);                                                               \
    }
MESSAGES(DELIVER)

#define MESSAGE_ENUM(ENUM, name) MESSAGE_##ENUM,
enum message_type { MESSAGES(MESSAGE_ENUM) MESSAGE_TYPES };

#define MESSAGE_KIND(ENUM, event)                                                                  \
    [MESSAGE_##ENUM] = {                                                                           \
        .name = #event, .deliver = worker_deliver_##event, .drop = worker_drop_message             \
    },
static const struct message_kind kinds[MESSAGE_TYPES] = { MESSAGES(MESSAGE_KIND) };

static void
worker_post(struct worker *w, enum message_type type, const struct content *c)
{
    struct worker_message *m = mem_zalloc(sizeof(*m));

    m->base.kind = &kinds[type];
    m->base.cost = c->parcel ? MOVE_COST : sizeof(*m);
    m->content = *c;
    /* Past the limit it was taken all the same, and a moved connection has nowhere else to go. */
    (void)mailbox_post(w->box, &m->base);
}

/* ---- a session of another worker ---- */

static void
worker_on_foreign_sid(void *owner, struct http_exchange *x, unsigned number)
{
    struct worker *w = owner;
    struct http_parcel *parcel;

    if (number >= w->options.limits->workers) {
        engine_answer_unknown(x);
        return;
    }
    parcel = http_conn_detach(x);
    if (parcel) {
        worker_post(w->options.peers[number], MESSAGE_MOVE, &(struct content){ .parcel = parcel });
        return;
    }
    if (http_exchange_postpone(x))
        return;
    log_gated(LOG_LEVEL_INFO, LOG_GATE_MOST,
        "a connection could not move to its session's worker from=%u to=%u", w->options.number,
        number);
    engine_answer_unknown(x);
}

static void
worker_on_move(struct worker *w, const struct content *c)
{
    if (w->state == WORKER_SERVING)
        worker_clients_adopt(w, c->parcel);
    else
        http_conn_drop_parcel(c->parcel);
}

/* ---- the end ---- */

static void
close_listeners(struct worker *w)
{
    for (unsigned i = 0; i < w->listener_count; i++)
        listener_close(w->listeners[i]);
    w->listener_count = 0;
}

/* From the top down. */
static void
close_layers(struct worker *w)
{
    worker_enter(w, WORKER_CLOSED);
    timer_stop(&w->patience);
    worker_memory_close(w);
    close_listeners(w);
    api_close(w->api);
    channels_close(w->channels);
    auth_close(w->auth);
    sio_server_close(w->sockets);
    engine_close(w->engine);
    pages_close(w->pages);
    hub_link_close(w->hub);
    mailbox_close(w->box);
    loop_stop(w->loop);
}

/* Of the last client or session, when what ended with it in this turn is gone as well. */
static void
worker_on_emptied(void *owner)
{
    struct worker *w = owner;

    if (!list_empty(&w->clients) || engine_session_count(w->engine) > 0)
        return;
    ENSURE(w->turned_away == 0 && w->listener_count == 0);
    close_layers(w);
    w->options.on_closed(w->options.owner);
}

static void
worker_on_patience_over(void *owner)
{
    worker_clients_cut(owner);
}

static void
worker_on_stop(struct worker *w, const struct content *c)
{
    (void)c;
    if (w->state != WORKER_SERVING)
        return;
    worker_enter(w, WORKER_DRAINING);
    close_listeners(w);
    api_drain(w->api);
    engine_shutdown(w->engine, &w->emptied);
    worker_clients_retire(w);
    timer_start(w->loop, &w->patience, w->options.limits->shutdown_timeout_ms);
}

static void
worker_on_accept(void *owner, struct stream *s)
{
    struct worker *w = owner;

    if (w->tls)
        tls_server_accept(w->tls, s);
    worker_clients_accept(w, s);
}

static const struct listener_handlers listener_events = { .on_accept = worker_on_accept };

static void
take_shares(struct worker *w)
{
    const struct snapshot *l = w->options.limits;
    unsigned number = w->options.number;

    w->http_limits = l->http;
    worker_memory_set_limit(w);
    w->connection_limit = snapshot_share(l->connections, l->workers, number);
    w->channel_limits = l->channels;
    w->channel_limits.auth.in_flight =
        (unsigned)snapshot_share(l->channels.auth.in_flight, l->workers, number);
}

/* ---- another configuration ---- */

static void
worker_on_renew(struct worker *w, const struct content *c)
{
    const struct snapshot *l = c->limits;

    ENSURE(l->workers == w->options.limits->workers);
    w->options.limits = l;
    take_shares(w);
    pages_set_options(w->pages, &l->pages);
    engine_set_limits(w->engine, &l->engine);
    sio_server_set_limits(w->sockets, &l->sockets);
    auth_set_target(w->auth, l->auth);
    channels_set_limits(w->channels, &w->channel_limits);
    api_set_limits(w->api, &l->api);
    w->options.on_renewed(w->options.owner);
}

static void
worker_on_renew_tls(struct worker *w, const struct content *c)
{
    tls_server_unref(w->tls);
    w->tls = c->tls;
}

/* ---- the beginning ---- */

struct worker *
worker_open(const struct worker_options *o)
{
    struct worker *w = mem_zalloc(sizeof(*w));
    const struct snapshot *l = o->limits;

    ENSURE(o->number < l->workers);
    w->options = *o;
    w->tls = tls_server_ref(o->tls);
    list_init(&w->clients);
    w->loop = o->loop ? o->loop : loop_new();
    timer_init(&w->patience, worker_on_patience_over, w);
    loop_task_init(&w->emptied, worker_on_emptied, w);
    worker_memory_open(w);
    w->box = mailbox_open(w->loop, MOVES_BYTES, w);
    take_shares(w);
    w->hub = hub_link_open(w->loop, o->hub, o->number);
    w->pages = pages_open(&l->pages);
    w->auth = auth_open(w->loop, l->auth, &w->channel_limits.auth);
    w->shares = shares_new();
    w->engine = engine_open(w->loop, o->number, &l->engine, w->shares);
    engine_on_foreign_sid(w->engine, worker_on_foreign_sid, w);
    w->sockets = sio_server_open(w->loop, w->engine, &l->sockets);
    w->channels = channels_open(w->loop, w->sockets, w->hub, w->auth, &w->channel_limits);
    w->api = api_open(w->hub, &l->api);
    http_router_add(&w->router, pages_offer, w->pages);
    http_router_add(&w->router, engine_offer, w->engine);
    http_router_add(&w->router, api_offer, w->api);
    http_router_add(&w->router, worker_clients_offer, w);
    return w;
}

bool
worker_listen(struct worker *w, int fd)
{
    struct listener *n;

    ENSURE(w->state == WORKER_SERVING && w->listener_count < WORKER_LISTENERS_MAX);
    n = listener_open(w->loop, fd, &listener_events, w);
    if (!n)
        return false;
    w->listeners[w->listener_count++] = n;
    return true;
}

static void *
worker_run(void *owner)
{
    struct worker *w = owner;
    char name[NAME_SIZE];

    snprintf(name, sizeof(name), "worker %u", w->options.number);
    pthread_setname_np(pthread_self(), name);
    cage_tighten();
    loop_run(w->loop);
    if (w->options.on_done)
        w->options.on_done(w->options.owner);
    return NULL;
}

bool
worker_start(struct worker *w)
{
    return pthread_create(&w->thread, NULL, worker_run, w) == 0;
}

struct loop *
worker_loop(const struct worker *w)
{
    return w->loop;
}

void
worker_stop(struct worker *w)
{
    worker_post(w, MESSAGE_STOP, &(struct content){ 0 });
}

void
worker_renew(struct worker *w, const struct snapshot *limits)
{
    worker_post(w, MESSAGE_RENEW, &(struct content){ .limits = limits });
}

void
worker_renew_tls(struct worker *w, struct tls_context *tls)
{
    worker_post(w, MESSAGE_RENEW_TLS, &(struct content){ .tls = tls_server_ref(tls) });
}

void
worker_abort(struct worker *w)
{
    close_layers(w);
    if (!w->options.loop)
        loop_run(w->loop);
}

void
worker_join(struct worker *w)
{
    pthread_join(w->thread, NULL);
}

void
worker_free(struct worker *w)
{
    hub_link_free(w->hub);
    mailbox_free(w->box);
    tls_server_unref(w->tls);
    shares_free(w->shares);
    if (!w->options.loop)
        loop_free(w->loop);
    free(w);
}
