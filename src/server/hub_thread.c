/* SPDX-License-Identifier: MIT */
/*
 * hub_thread: who runs the hub's loop.
 */
#include "hub_thread.h"

#include "hub/hub.h"
#include "net/loop.h"

static void *
run(void *thread)
{
    struct hub_thread *t = thread;

    pthread_setname_np(pthread_self(), "hub");
    loop_run(t->loop);
    t->on_done(t->owner);
    return NULL;
}

void
hub_thread_open(struct hub_thread *t, const struct hub_options *o)
{
    t->loop = loop_new();
    t->hub = hub_open(t->loop, o);
}

struct loop *
hub_thread_share(struct hub_thread *t)
{
    t->shared = true;
    return t->loop;
}

bool
hub_thread_start(struct hub_thread *t, void (*on_done)(void *owner), void *owner)
{
    t->on_done = on_done;
    t->owner = owner;
    return t->shared || pthread_create(&t->thread, NULL, run, t) == 0;
}

void
hub_thread_join(struct hub_thread *t)
{
    if (!t->shared)
        pthread_join(t->thread, NULL);
}

void
hub_thread_abort(struct hub_thread *t)
{
    hub_stop(t->hub);
    loop_run(t->loop);
}

void
hub_thread_free(struct hub_thread *t)
{
    hub_free(t->hub);
    loop_free(t->loop);
}
