/* SPDX-License-Identifier: MIT */
/*
 * threads: a hub and its workers on real threads, with a fake Redis.  Each thread is driven by
 * messages: on_thread() runs a function there and waits until the turn is over.  Included by one
 * test file each.
 */
#ifndef TEST_HUB_THREADS_H
#define TEST_HUB_THREADS_H

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/log.h"
#include "cluster/fake_redis.h"
#include "hub/hub.h"
#include "hub/hub_link.h"
#include "net/loop.h"
#include "net/mailbox.h"

enum { WORKERS = 3 };

struct call {
    struct message base;
    void (*run)(void *arg);
    void *arg;
    pthread_mutex_t lock;
    pthread_cond_t done_cond;
    bool done;
};

struct test_thread {
    pthread_t id;
    struct loop *loop;
    struct mailbox *box;
    bool stop_loop; /* the hub stops its own */
};

struct worker {
    struct test_thread thread;
    struct hub_link *link;
    unsigned broadcasts, deliveries, answers, drains;
    char channel[64], text[256], except[64];
    uint32_t last_token;
};

static struct test_thread hub_thread;
static struct worker workers[WORKERS];
static struct hub *hub;

static inline void
deliver_call(void *owner, struct message *m)
{
    struct call *c = (struct call *)m;

    (void)owner;
    c->run(c->arg);
    pthread_mutex_lock(&c->lock);
    c->done = true;
    pthread_cond_signal(&c->done_cond);
    pthread_mutex_unlock(&c->lock);
}

static inline void
drop_call(struct message *m)
{
    (void)m;
}

/* Returns when run has returned; its turn may still go on. */
static inline void
call_on(struct test_thread *t, void (*run)(void *arg), void *arg)
{
    static const struct message_kind kind = { "call", deliver_call, drop_call };
    struct call c = { .base = { .kind = &kind, .cost = 1 }, .run = run, .arg = arg };

    pthread_mutex_init(&c.lock, NULL);
    pthread_cond_init(&c.done_cond, NULL);
    (void)mailbox_post(t->box, &c.base);
    pthread_mutex_lock(&c.lock);
    while (!c.done)
        pthread_cond_wait(&c.done_cond, &c.lock);
    pthread_mutex_unlock(&c.lock);
    pthread_cond_destroy(&c.done_cond);
    pthread_mutex_destroy(&c.lock);
}

static inline void
nothing(void *arg)
{
    (void)arg;
}

/*
 * Returns when the thread has taken what was posted to it before, run included, and has posted in
 * its turn: a thread posts at the end of its turn, which is over when a second call is run.  The
 * box of calls was opened first on its loop, and the loop looks at its boxes in that order: what
 * waited in another one belongs to the turn of the first call.
 */
static inline void
on_thread(struct test_thread *t, void (*run)(void *arg), void *arg)
{
    call_on(t, run, arg);
    call_on(t, nothing, NULL);
}

static inline void *
thread_main(void *arg)
{
    struct test_thread *t = arg;

    loop_run(t->loop);
    return NULL;
}

/* Everything posted before has passed through the hub and back, and what that caused as well. */
static inline void
settle(void)
{
    for (int round = 0; round < 3; round++) {
        on_thread(&hub_thread, nothing, NULL);
        for (int i = 0; i < WORKERS; i++)
            on_thread(&workers[i].thread, nothing, NULL);
    }
}

static inline void
copy(char *out, size_t size, struct str s)
{
    size_t len = s.len < size - 1 ? s.len : size - 1;

    if (len > 0)
        memcpy(out, s.data, len);
    out[len] = '\0';
}

static inline void
on_broadcast(void *owner, struct str channel, struct bytes *text, struct str except)
{
    struct worker *w = owner;

    w->deliveries++;
    copy(w->channel, sizeof(w->channel), channel);
    for (struct str rest = bytes_str(text); rest.len > 0;) {
        copy(w->text, sizeof(w->text), str_cut(rest, '\x1e', &rest));
        w->broadcasts++;
    }
    copy(w->except, sizeof(w->except), except);
}

static inline void
on_drain(void *owner)
{
    ((struct worker *)owner)->drains++;
}

static inline void
on_answer(void *owner, uint32_t token)
{
    struct worker *w = owner;

    w->answers++;
    w->last_token = token;
}

static inline void
open_all(size_t mailbox_bytes)
{
    static const struct hub_link_handlers handlers = { on_broadcast, on_drain };
    const struct hub_options o = {
        .workers = WORKERS,
        .mailbox_bytes = mailbox_bytes,
        .cluster = {
            .redis = { .host = "127.0.0.1", .port = 6379 },
            .key_prefix = "p:",
            .events = true,
        },
    };

    log_set_level(LOG_LEVEL_ERROR);
    hub_thread.loop = loop_new();
    hub_thread.box = mailbox_open(hub_thread.loop, 1 << 20, NULL);
    hub = hub_open(hub_thread.loop, &o);
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *w = &workers[i];

        *w = (struct worker){ .thread = { .loop = loop_new(), .stop_loop = true } };
        w->thread.box = mailbox_open(w->thread.loop, 1 << 20, NULL);
        w->link = hub_link_open(w->thread.loop, hub, i);
        hub_link_attach(w->link, &handlers, w);
    }
    for (unsigned i = 0; i < WORKERS; i++)
        assert_int_equal(
            pthread_create(&workers[i].thread.id, NULL, thread_main, &workers[i].thread), 0);
    assert_int_equal(pthread_create(&hub_thread.id, NULL, thread_main, &hub_thread), 0);
}

static inline int
setup(void **state)
{
    (void)state;
    open_all(1 << 20);
    return 0;
}

static inline int
setup_small(void **state)
{
    (void)state;
    open_all(4096);
    return 0;
}

static inline void
close_worker(void *arg)
{
    struct worker *w = arg;

    hub_link_close(w->link);
    mailbox_close(w->thread.box);
    loop_stop(w->thread.loop);
}

static inline void
close_box(void *arg)
{
    (void)arg;
    mailbox_close(hub_thread.box);
}

static inline int
teardown(void **state)
{
    (void)state;
    for (int i = 0; i < WORKERS; i++)
        call_on(&workers[i].thread, close_worker, &workers[i]);
    call_on(&hub_thread, close_box, NULL);
    hub_stop(hub);
    for (int i = 0; i < WORKERS; i++) {
        pthread_join(workers[i].thread.id, NULL);
        mailbox_free(workers[i].thread.box);
        loop_free(workers[i].thread.loop);
    }
    pthread_join(hub_thread.id, NULL);
    mailbox_free(hub_thread.box);
    loop_free(hub_thread.loop);
    for (int i = 0; i < WORKERS; i++)
        hub_link_free(workers[i].link);
    hub_free(hub);
    return 0;
}

static inline void
join_news(void *arg)
{
    struct worker *w = arg;
    struct bytes *name = bytes_new("news", 4);

    hub_link_join(w->link, name);
    bytes_unref(name);
}

static inline void
leave_news(void *arg)
{
    struct worker *w = arg;
    struct bytes *name = bytes_new("news", 4);

    hub_link_leave(w->link, name);
    bytes_unref(name);
}

struct redis_message {
    const char *channel, *payload;
};

static inline void
inject(void *arg)
{
    const struct redis_message *m = arg;

    fake_redis_message(m->channel, m->payload);
}

static inline void
redis_says(const char *channel, const char *payload)
{
    struct redis_message m = { channel, payload };

    on_thread(&hub_thread, inject, &m);
}

static inline void
ask_sync(void *arg)
{
    struct worker *w = arg;

    assert_int_not_equal(hub_link_sync(w->link, on_answer, w), 0);
}

static inline void
join_and_sync(void *arg)
{
    join_news(arg);
    ask_sync(arg);
}

static inline void
publish_two(void *arg)
{
    struct worker *w = arg;
    const struct str channels[] = { STR_LIT("news"), STR_LIT("nobody") };
    const struct hub_event e = {
        .channels = channels,
        .channel_count = 2,
        .name = STR_LIT("say \"x\""),
        .data = STR_LIT("{\"n\":[]}"),
        .socket = STR_LIT("me"),
    };

    (void)hub_link_publish(w->link, &e, on_answer, w);
}

#endif
