/* SPDX-License-Identifier: MIT */
/*
 * hub_thread: the hub with its loop, on a thread of its own or on that of a server's only worker.
 *
 * The main thread's.
 */
#ifndef SERVER_HUB_THREAD_H
#define SERVER_HUB_THREAD_H

#include <pthread.h>
#include <stdbool.h>

#include "base/attr.h"

struct hub;
struct hub_options;
struct loop;

struct hub_thread {
    struct loop *loop;
    struct hub *hub;
    pthread_t thread;
    bool shared; /* a worker runs the loop */
    void (*on_done)(void *owner);
    void *owner;
};

void hub_thread_open(struct hub_thread *t, const struct hub_options *o);
/* From now on a worker's: it runs the loop.  Before hub_thread_start(). */
struct loop *hub_thread_share(struct hub_thread *t);
/* on_done: the thread ends; called on it, and never for a shared one.  False: the machine has no
 * thread to spare. */
MUST_USE bool hub_thread_start(struct hub_thread *t, void (*on_done)(void *owner), void *owner);
/* Returns when the thread has ended. */
void hub_thread_join(struct hub_thread *t);
/* Instead of hub_thread_start(): end what was opened, a shared worker's end included. */
void hub_thread_abort(struct hub_thread *t);
/* After the workers. */
void hub_thread_free(struct hub_thread *t);

#endif
