/* SPDX-License-Identifier: MIT */
/*
 * worker_clients: connections while they speak HTTP: accepted, adopted from another worker, turned
 * away with 503 when the worker is full, left unanswered when they ask for an upgrade that no
 * service wants, and let go when they become WebSockets.
 *
 * The limit is looked at once, when a connection is accepted, and it counts there to its end,
 * wherever it is moved.  So a worker may serve more than it accepted, a move is never refused, and
 * the process never has more than maxConnections and those that wait for their 503.
 */
#include <stdlib.h>

#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_conn.h"
#include "http/http_request.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/timer.h"
#include "snapshot.h"
#include "worker_priv.h"

/* Of the process, which has descriptors in reserve for them (resources_room); more are closed
 * without an answer. */
enum { TURNED_AWAY_MAX = 32 };

/* Owned by its connection; freed at the end of the turn in which that ends or leaves. */
struct client {
    struct list node;
    struct worker *worker;
    struct http_conn *conn;
    bool turned_away;
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

static void
client_on_request(void *owner, struct http_exchange *x, const struct http_request *r)
{
    struct client *c = owner;

    if (c->turned_away) {
        http_exchange_reply(x, &(struct http_reply){ .status = 503,
                                   .type = "text/plain; charset=utf-8",
                                   .headers = STR_LIT("Retry-After: 5\r\n"),
                                   .body = STR_LIT("Too many connections\n"),
                                   .close = true });
        return;
    }
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
        log_warning("connections past the limit are refused with 503 worker=%u limit=%zu",
            w->options.number, w->connection_limit);
    if (full || loop_accepted_count(w->loop) < w->connection_limit - w->connection_limit / 16)
        w->crowded = full;
    return full;
}

void
worker_clients_accept(struct worker *w, struct stream *s)
{
    size_t answered_max =
        snapshot_share(TURNED_AWAY_MAX, w->options.limits->workers, w->options.number);
    bool full = worker_is_full(w);
    struct client *c;

    if (full && w->turned_away >= answered_max) {
        stream_close(s, STREAM_END_LOCAL);
        return;
    }
    c = client_new(w);
    c->turned_away = full;
    w->turned_away += full;
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
