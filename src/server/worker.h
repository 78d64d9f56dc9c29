/* SPDX-License-Identifier: MIT */
/*
 * worker: one thread with its loop, its connections and a whole stack of layers of its own.  A
 * server's only worker shares its loop, and so its thread, with the hub.
 *
 * The main thread makes it, starts it, posts its end and frees it; all else happens on its thread.
 */
#ifndef SERVER_WORKER_H
#define SERVER_WORKER_H

#include <stdbool.h>

#include "base/attr.h"

struct hub;
struct loop;
struct snapshot;
struct tls_context;
struct worker;

struct worker_options {
    unsigned number;
    const struct snapshot *limits;
    struct loop *loop; /* NULL: one of its own */
    struct hub *hub;
    struct tls_context *tls; /* NULL: plain */
    /* Every worker by number, this one included: where connections are moved to.  Filled in
     * before the threads run. */
    struct worker *const *peers;
    /* It has said its last to the hub; called on its thread. */
    void (*on_closed)(void *owner);
    /* The thread ends; called on it.  May be NULL. */
    void (*on_done)(void *owner);
    /* It has let go of everything older than the snapshot of worker_renew(); called on it. */
    void (*on_renewed)(void *owner);
    void *owner;
};

struct worker *worker_open(const struct worker_options *o);
/* Accept on fd, which is taken over; before worker_start(), once or twice. */
MUST_USE bool worker_listen(struct worker *w, int fd);
/* False: the machine has no thread to spare. */
MUST_USE bool worker_start(struct worker *w);
/* For what any thread may ask of a loop, and before worker_start() for all else. */
struct loop *worker_loop(const struct worker *w);
/* Any thread: end, orderly, within limits->shutdown_timeout_ms. */
void worker_stop(struct worker *w);
/* Any thread: limits from now on; on_renewed follows, unless the thread ends first. */
void worker_renew(struct worker *w, const struct snapshot *limits);
/* Any thread: what connections are accepted with from now on; a reference is taken. */
void worker_renew_tls(struct worker *w, struct tls_context *tls);
/* Instead of worker_start(): end what was opened; a loop that is not its own still has to run. */
void worker_abort(struct worker *w);
/* Returns when its thread has ended. */
void worker_join(struct worker *w);
/* After every worker and the hub ended. */
void worker_free(struct worker *w);

#endif
