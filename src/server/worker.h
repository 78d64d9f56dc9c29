/* SPDX-License-Identifier: MIT */
/*
 * worker: one thread with its loop, its connections and a whole stack of layers of its own.
 *
 * The main thread makes it, starts it, posts its end and frees it; all else happens on its thread.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct hub;
struct snapshot;
struct tls_context;
struct worker;

struct worker_options {
    unsigned number;
    const struct snapshot *limits;
    struct hub *hub;
    struct tls_context *tls; /* NULL: plain */
    /* Every worker by number, this one included: where connections are moved to.  Filled in
     * before the threads run. */
    struct worker *const *peers;
    /* The thread ends; called on it. */
    void (*on_done)(void *owner);
    /* The answer to worker_ping(); called on its thread. */
    void (*on_pong)(void *owner, unsigned number);
    void *owner;
};

/* NULL: *error is one sentence. */
MUST_USE struct worker *worker_open(const struct worker_options *o, struct buffer *error);
/* Accept on fd, which is taken over; before worker_start(), once or twice. */
MUST_USE bool worker_listen(struct worker *w, int fd);
void worker_start(struct worker *w);
/* Any thread: on_pong follows unless the worker hangs, or has ended. */
void worker_ping(struct worker *w);
/* Any thread: its connections, those to the auth hosts included. */
size_t worker_connection_count(const struct worker *w);
/* Any thread: end, orderly, within limits->shutdown_timeout_ms. */
void worker_stop(struct worker *w);
/* Instead of worker_start(): end what was opened. */
void worker_abort(struct worker *w);
/* After on_done. */
void worker_join(struct worker *w);
/* After every worker and the hub ended. */
void worker_free(struct worker *w);

#endif
