/* SPDX-License-Identifier: MIT */
/*
 * worker, for the files of this layer.
 */
#ifndef SERVER_WORKER_PRIV_H
#define SERVER_WORKER_PRIV_H

#include <pthread.h>

#include "base/list.h"
#include "base/log.h"
#include "channels/channels.h"
#include "http/http_conn.h"
#include "http/http_router.h"
#include "net/loop.h"
#include "net/timer.h"
#include "worker.h"

struct http_parcel;
struct mailbox;

enum { WORKER_LISTENERS_MAX = 2 };

/*
 * SERVING --stop--> DRAINING --everybody gone--> CLOSED
 *
 * SERVING   connections are accepted.
 * DRAINING  no longer; sessions were closed, answers under way are waited for.
 * CLOSED    every layer is closed; the loop ends with its last handle.
 *
 * Each connection that speaks HTTP is in clients, and counted in turned_away while it waits for its
 * 503.  Whatever the limits, the number of workers stays: sids and shares are counted by it.
 */
enum worker_state { WORKER_SERVING, WORKER_DRAINING, WORKER_CLOSED };

struct worker {
    struct worker_options options;
    pthread_t thread;
    enum worker_state state;
    struct loop *loop;
    struct mailbox *box;
    struct listener *listeners[WORKER_LISTENERS_MAX];
    unsigned listener_count;
    struct tls_context *tls; /* of what is accepted from now on; NULL: plain */

    struct http_router router;
    struct pages *pages;
    struct engine *engine;
    struct sio_server *sockets;
    struct auth *auth;
    struct hub_link *hub;
    struct channels_limits channel_limits; /* with this worker's share of auth requests */
    struct channels *channels;
    struct api *api;

    struct shares *shares;
    struct http_limits http_limits; /* of connections, which outlive snapshots */
    struct list clients;            /* connections that speak HTTP */
    size_t connection_limit;
    unsigned turned_away; /* of clients: past the limit, waiting for their 503 */
    bool crowded;         /* said so */
    bool told_of_proxy;   /* that a proxy names no client */
    struct log_gate over_share;

    struct loop_task memory_due; /* the budget of the loop is spent */
    struct timer memory_watch;   /* while memory is short */
    uint64_t memory_spent_ms;    /* when it last was */
    uint64_t memory_short_ms;    /* since when it was spent each time that memory_watch looked */
    bool memory_was_said;        /* that it is */
    struct log_gate memory_ran_out, memory_ends;

    struct loop_task emptied; /* while DRAINING: the last client or session is gone */
    struct timer patience;    /* while DRAINING: clients that are left are cut */
};

/* worker_memory.c */
void worker_memory_open(struct worker *w);
/* This worker's share, of a snapshot that is new. */
void worker_memory_set_limit(struct worker *w);
void worker_memory_close(struct worker *w);

/* worker_clients.c */
void worker_clients_accept(struct worker *w, struct stream *s);
void worker_clients_adopt(struct worker *w, struct http_parcel *parcel);
void worker_clients_retire(struct worker *w);
void worker_clients_cut(struct worker *w);
/* As engine_heaviest() and engine_relieve(), of connections that speak HTTP. */
size_t worker_clients_heaviest(const struct worker *w);
size_t worker_clients_relieve(struct worker *w, size_t least, size_t wanted);
/* An http_service, the last one: an upgrade that no other wanted is not answered, and closed after
 * a while (socketio.destroyUpgradeTimeout), as engine.io does. */
bool worker_clients_offer(void *worker, struct http_exchange *x, const struct http_request *r);

#endif
