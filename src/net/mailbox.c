/* SPDX-License-Identifier: MIT */
/*
 * mailbox: a queue under a mutex, and a libuv async that wakes its loop; on the loop's own thread
 * the end of the turn does instead, without a system call.
 *
 *   post: append, wake unless that was done since the last batch
 *   wake: detach the batch; deliver it outside the lock; only then take its bytes off the count
 *
 * The wake-up is sent under the lock: after mailbox_close() no thread touches the async any more.
 */
#include "net/mailbox.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "loop_priv.h"

/* A message that is posted to back once the mailbox is below its limit. */
struct waiter {
    struct waiter *next;
    struct mailbox *back;
    struct message *m;
};

/*
 * woken is set while messages wait, and only then: one wake-up, by async or own_wake, is on its
 * way. queued_bytes is the cost of those that wait and of those that are being delivered.  Once
 * closed it holds nothing, and async and own_wake are gone.
 */
struct mailbox {
    uv_async_t async;
    struct loop *loop;
    struct loop_task own_wake;
    void *owner;
    size_t limit_bytes;
    pthread_mutex_t lock;
    /* Under the lock: */
    struct message *first, **last;
    struct waiter *waiters;
    size_t queued_bytes;
    bool woken;
    bool closed; /* written by the receiver alone, which reads it without the lock */
};

void
mailbox_chain_add(struct mailbox_chain *c, struct message *m)
{
    m->next = NULL;
    if (c->first)
        *c->last = m;
    else
        c->first = m;
    c->last = &m->next;
}

struct message *
mailbox_chain_take(struct mailbox_chain *c)
{
    struct message *first = c->first;

    c->first = NULL;
    return first;
}

static void
mailbox_drop_all(struct message *m)
{
    while (m) {
        struct message *next = m->next;

        m->kind->drop(m);
        m = next;
    }
}

void
mailbox_chain_drop(struct mailbox_chain *c)
{
    mailbox_drop_all(mailbox_chain_take(c));
}

static void
post_waiters(struct waiter *w)
{
    while (w) {
        struct waiter *next = w->next;

        mailbox_post(w->back, w->m);
        free(w);
        w = next;
    }
}

static void
mailbox_take_batch(void *box)
{
    struct mailbox *b = box;
    struct waiter *waiters = NULL;
    struct message *m;
    size_t bytes = 0;

    pthread_mutex_lock(&b->lock);
    ENSURE(b->woken && b->first && !b->closed);
    m = b->first;
    b->first = NULL;
    b->last = &b->first;
    b->woken = false;
    pthread_mutex_unlock(&b->lock);
    while (m && !b->closed) {
        struct message *next = m->next;

        bytes += m->cost;
        m->kind->deliver(b->owner, m);
        m = next;
    }
    mailbox_drop_all(m);
    if (b->closed)
        return;
    pthread_mutex_lock(&b->lock);
    ENSURE(bytes <= b->queued_bytes);
    b->queued_bytes -= bytes;
    if (b->queued_bytes < b->limit_bytes) {
        waiters = b->waiters;
        b->waiters = NULL;
    }
    pthread_mutex_unlock(&b->lock);
    post_waiters(waiters);
}

static void
mailbox_on_async(uv_async_t *handle)
{
    mailbox_take_batch(CONTAINER_OF(handle, struct mailbox, async));
}

struct mailbox *
mailbox_open(struct loop *l, size_t limit_bytes, void *owner)
{
    struct mailbox *b = mem_zalloc(sizeof(*b));

    b->loop = l;
    loop_task_init(&b->own_wake, mailbox_take_batch, b);
    b->owner = owner;
    b->limit_bytes = limit_bytes;
    b->last = &b->first;
    ENSURE(pthread_mutex_init(&b->lock, NULL) == 0);
    ENSURE(uv_async_init(&l->uv, &b->async, mailbox_on_async) == 0);
    return b;
}

void
mailbox_close(struct mailbox *b)
{
    struct message *left;
    struct waiter *waiters;

    if (b->closed)
        return;
    pthread_mutex_lock(&b->lock);
    b->closed = true;
    left = b->first;
    b->first = NULL;
    waiters = b->waiters;
    b->waiters = NULL;
    pthread_mutex_unlock(&b->lock);
    loop_task_cancel(&b->own_wake);
    uv_close((uv_handle_t *)&b->async, NULL);
    mailbox_drop_all(left);
    post_waiters(waiters);
}

void
mailbox_free(struct mailbox *b)
{
    if (!b)
        return;
    ENSURE(b->closed && !b->first && !b->waiters);
    pthread_mutex_destroy(&b->lock);
    free(b);
}

bool
mailbox_post(struct mailbox *b, struct message *m)
{
    m->next = NULL;
    return mailbox_post_all(b, m);
}

bool
mailbox_post_all(struct mailbox *b, struct message *first)
{
    bool below, closed, wakes;
    struct message *last = first;
    size_t cost = first->cost;

    for (; last->next; last = last->next)
        cost += last->next->cost;
    pthread_mutex_lock(&b->lock);
    closed = b->closed;
    wakes = !closed && !b->woken;
    if (!closed) {
        *b->last = first;
        b->last = &last->next;
        b->queued_bytes += cost;
        b->woken = true;
    }
    if (wakes && loop_is_current(b->loop))
        loop_end_of_turn(b->loop, &b->own_wake);
    else if (wakes)
        uv_async_send(&b->async);
    below = b->queued_bytes < b->limit_bytes;
    pthread_mutex_unlock(&b->lock);
    if (closed)
        mailbox_drop_all(first);
    return closed || below;
}

void
mailbox_post_when_below(struct mailbox *b, struct mailbox *back, struct message *m)
{
    struct waiter *w = mem_zalloc(sizeof(*w));
    bool wait;

    w->back = back;
    w->m = m;
    pthread_mutex_lock(&b->lock);
    wait = !b->closed && b->queued_bytes >= b->limit_bytes;
    if (wait) {
        w->next = b->waiters;
        b->waiters = w;
    }
    pthread_mutex_unlock(&b->lock);
    if (!wait)
        post_waiters(w);
}
