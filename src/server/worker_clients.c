/* SPDX-License-Identifier: MIT */
/*
 * worker_clients: connections while they speak HTTP: accepted, adopted from another worker, turned
 * away with 503 when the worker is full, left unanswered when they ask for an upgrade that no
 * service wants, and let go when they become WebSockets.
 *
 * The limit is looked at once, when a connection is accepted, and it counts there to its end,
 * wherever it is moved.  So a worker may serve more than it accepted, a move is never refused, and
 * the process never has more than maxConnections and those that wait for their 503.
 *
 * Who holds a connection is known when it is accepted, or, behind a proxy, when it brings a
 * request: then the client of the latest one.  One that was moved stays with the client for whom it
 * was, since its share is counted where it was accepted.
 */
#include <stdlib.h>

#include "base/address.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/proxies.h"
#include "http/http_conn.h"
#include "http/http_request.h"
#include "net/loop.h"
#include "net/shares.h"
#include "net/stream.h"
#include "net/timer.h"
#include "snapshot.h"
#include "worker_priv.h"

/* Of the process, which has descriptors in reserve for them (resources_room); more are closed
 * without an answer. */
enum { TURNED_AWAY_MAX = 32 };
/* Connections without a client's address at which their peer is taken for a proxy. */
enum { LOCAL_MANY = 100 };
enum { REFUSALS_MS = 10000 }; /* between lines about shares */

/* Owned by its connection; freed at the end of the turn in which that ends or leaves. */
struct client {
    struct list node;
    struct worker *worker;
    struct http_conn *conn;
    struct stream *proxied; /* its requests say who holds it; NULL: it is known, or moved */
    struct share *holder;   /* of proxied, from its first request on */
    bool turned_away;
    bool over_share; /* why it is */
};

static void
client_on_free(void *object)
{
    struct client *c = object;
    struct worker *w = c->worker;

    free(c);
    if (w->state == WORKER_DRAINING && list_empty(&w->clients))
        loop_end_of_turn(w->loop, &w->emptied);
}

/* ---- shares ---- */

/* Once a process: connections are spread evenly, so one worker says it. */
static void
worker_tell_of_proxy(struct worker *w)
{
    if (w->told_of_proxy || w->options.number > 0 ||
        shares_held(shares_local(w->shares), SHARES_CONNECTIONS) < LOCAL_MANY)
        return;
    w->told_of_proxy = true;
    log_warning("a proxy on this machine does not say who its clients are, so no address is held "
                "to its share; nginx needs: proxy_set_header X-Forwarded-For "
                "$proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto $scheme;");
}

/* Whether to may hold this connection, which is counted already. */
static bool
worker_admits(struct worker *w, struct share *to)
{
    size_t others = loop_accepted_count(w->loop) - 1;
    size_t room = others < w->connection_limit ? w->connection_limit - others : 0;
    size_t most = w->options.limits->address_connections;
    unsigned times;

    if (shares_admit(to, SHARES_CONNECTIONS, room, w->connection_limit) &&
        (most == 0 || to == shares_local(w->shares) || shares_held(to, SHARES_CONNECTIONS) < most))
        return true;
    if (!shares_refuse(to, "connections"))
        return true;
    times = log_gate_pass(&w->over_share, loop_now_ms(w->loop), REFUSALS_MS, 1);
    if (times > 0)
        log_warning("an address with more than its share of connections is refused more of them "
                    "ip=%s connections=%zu worker=%u limit=%zu times=%u",
            shares_text(to, (char[SHARES_TEXT_SIZE]){ 0 }), shares_held(to, SHARES_CONNECTIONS),
            w->options.number, w->connection_limit, times);
    return false;
}

/* A proxy's connection, and one from this machine, is held by whom its requests name.  Any other
 * is its peer's, and *peer is that. */
static bool
peer_is_known(const struct worker *w, const struct stream *s, struct address *peer)
{
    const struct proxies *proxies = w->options.limits->proxies;

    return stream_peer(s, peer) && !address_is_loopback(peer) &&
           !(proxies && proxies_trust(proxies, peer, 0));
}

/* False: to is over its share. */
static bool
worker_charge(struct worker *w, struct stream *s, struct share *to)
{
    if (!worker_admits(w, to))
        return false;
    stream_charge(s, to);
    return true;
}

/* Of a connection that is held by whom its requests name; false: who is named is over its share. */
static bool
client_is_still_within(struct client *c, const struct http_request *r)
{
    struct worker *w = c->worker;
    struct address a;
    bool named = http_request_client_address(r, w->options.limits->proxies, &a);
    bool local = !named && address_is_loopback(&a);
    struct share *to = local ? shares_local(w->shares) : shares_of(w->shares, &a);

    if (to == c->holder)
        return true;
    if (!worker_charge(w, c->proxied, to))
        return false;
    c->holder = to;
    if (local)
        worker_tell_of_proxy(w);
    return true;
}

/* ---- requests ---- */

static size_t
worker_turned_away_max(const struct worker *w)
{
    return snapshot_share(TURNED_AWAY_MAX, w->options.limits->workers, w->options.number);
}

static void
client_refuse(struct http_exchange *x, const char *text)
{
    http_exchange_reply(x, &(struct http_reply){ .status = 503,
                               .type = "text/plain; charset=utf-8",
                               .headers = STR_LIT("Retry-After: 5\r\n"),
                               .body = str_of(text),
                               .close = true });
}

/* Sessions are what lasts.  Probes, and those who have a key, are served beyond their share, as far
 * as there is room to turn others away. */
static bool
client_is_served_anyway(struct client *c, const struct http_request *r)
{
    struct worker *w = c->worker;

    if (str_starts(r->target, w->options.limits->engine.path))
        return false;
    if (!c->turned_away && w->turned_away >= worker_turned_away_max(w))
        return false;
    w->turned_away += !c->turned_away;
    c->turned_away = c->over_share = true;
    return true;
}

static void
client_on_request(void *owner, struct http_exchange *x, const struct http_request *r)
{
    struct client *c = owner;
    bool within = c->proxied ? client_is_still_within(c, r) : !c->over_share;

    if (!within && !client_is_served_anyway(c, r))
        client_refuse(x, "Too many connections from your address\n");
    else if (c->turned_away && !c->over_share)
        client_refuse(x, "Too many connections\n");
    else
        http_router_dispatch(&c->worker->router, x, r);
}

static void
client_on_gone(void *owner, struct http_conn *conn)
{
    struct client *c = owner;

    (void)conn;
    list_remove(&c->node);
    ENSURE(c->worker->turned_away >= c->turned_away);
    c->worker->turned_away -= c->turned_away;
    loop_defer_free(c->worker->loop, c, client_on_free);
}

static const struct http_conn_handlers handlers = {
    .on_request = client_on_request,
    .on_end = client_on_gone,
    .on_left = client_on_gone,
};

static struct client *
client_new(struct worker *w)
{
    struct client *c = mem_zalloc(sizeof(*c));

    c->worker = w;
    list_append(&w->clients, &c->node);
    return c;
}

/* Said once each time that the limit is reached. */
static bool
worker_is_full(struct worker *w)
{
    bool full = loop_accepted_count(w->loop) > w->connection_limit;

    if (full && !w->crowded)
        log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST,
            "connections past the limit are refused with 503 worker=%u limit=%zu",
            w->options.number, w->connection_limit);
    if (full || loop_accepted_count(w->loop) < w->connection_limit - w->connection_limit / 16)
        w->crowded = full;
    return full;
}

void
worker_clients_accept(struct worker *w, struct stream *s)
{
    bool full = worker_is_full(w);
    struct address peer;
    bool known = peer_is_known(w, s, &peer);
    bool over_share = !full && known && !worker_charge(w, s, shares_of(w->shares, &peer));
    struct client *c;

    if ((full || over_share) && w->turned_away >= worker_turned_away_max(w)) {
        stream_close(s, STREAM_END_LOCAL);
        return;
    }
    c = client_new(w);
    c->over_share = over_share;
    c->turned_away = full || over_share;
    w->turned_away += c->turned_away;
    c->proxied = known || full ? NULL : s;
    c->conn = http_conn_open(s, &w->http_limits, &handlers, c);
}

void
worker_clients_adopt(struct worker *w, struct http_parcel *parcel)
{
    struct client *c;

    ENSURE(w->state == WORKER_SERVING);
    c = client_new(w);
    c->conn = http_conn_adopt(w->loop, parcel, &w->http_limits, &handlers, c);
}

void
worker_clients_retire(struct worker *w)
{
    LIST_EACH(node, &w->clients)
        http_conn_retire(LIST_ENTRY(node, struct client, node)->conn);
}

void
worker_clients_cut(struct worker *w)
{
    LIST_EACH(node, &w->clients)
        http_conn_close(LIST_ENTRY(node, struct client, node)->conn);
}

size_t
worker_clients_heaviest(const struct worker *w)
{
    size_t most = 0;

    LIST_EACH(node, &w->clients) {
        size_t weight = http_conn_weight(LIST_ENTRY(node, struct client, node)->conn);

        most = weight > most ? weight : most;
    }
    return most;
}

size_t
worker_clients_relieve(struct worker *w, size_t least, size_t wanted)
{
    size_t sum = 0;

    LIST_EACH(node, &w->clients) {
        struct http_conn *conn = LIST_ENTRY(node, struct client, node)->conn;
        size_t weight = http_conn_weight(conn);

        if (sum >= wanted || weight < least)
            continue;
        sum += weight;
        http_conn_close(conn);
    }
    return sum;
}

/* ---- upgrades that no service wants ---- */

/* Owned by its exchange's end. */
struct unclaimed {
    struct http_exchange *exchange;
    struct timer patience;
};

static void
unclaimed_free(struct unclaimed *s)
{
    timer_stop(&s->patience);
    free(s);
}

static void
unclaimed_on_body(void *owner, struct http_exchange *x, struct str body)
{
    (void)owner, (void)x, (void)body;
}

static void
unclaimed_on_abort(void *owner, struct http_exchange *x, enum http_abort why)
{
    (void)x, (void)why;
    unclaimed_free(owner);
}

static void
unclaimed_on_patience_over(void *owner)
{
    struct unclaimed *s = owner;
    struct http_exchange *x = s->exchange;

    unclaimed_free(s);
    http_exchange_destroy(x);
}

bool
worker_clients_offer(void *worker, struct http_exchange *x, const struct http_request *r)
{
    static const struct http_exchange_handlers events = {
        .on_body = unclaimed_on_body,
        .on_abort = unclaimed_on_abort,
    };
    struct worker *w = worker;
    struct unclaimed *s;

    if (!r->upgrade)
        return false;
    s = mem_zalloc(sizeof(*s));
    s->exchange = x;
    timer_init(&s->patience, unclaimed_on_patience_over, s);
    if (w->options.limits->unclaimed_ms > 0)
        timer_start(w->loop, &s->patience, w->options.limits->unclaimed_ms);
    http_exchange_take(x, HTTP_NO_BODY, &events, s);
    return true;
}
