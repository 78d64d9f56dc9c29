/* SPDX-License-Identifier: MIT */
/*
 * hub_link: what happens when a mailbox is full, and when many threads post at once.
 */
#include "hub/hub_link.h"

#include "base/clock.h"
#include "threads.h"

/* What the test's own thread may look at while a worker stands still. */
struct gate {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    bool standing, open;
};

static struct gate gate = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false };

static void
stand_still(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&gate.lock);
    gate.standing = true;
    pthread_cond_broadcast(&gate.cond);
    while (!gate.open)
        pthread_cond_wait(&gate.cond, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static void *
hold_worker(void *arg)
{
    on_thread(arg, stand_still, NULL);
    return NULL;
}

static void
read_paused(void *arg)
{
    *(bool *)arg = fake_subscriber->paused;
}

static void
read_full(void *arg)
{
    *(bool *)arg = hub_link_full(workers[0].link);
}

static void
flood(void *arg)
{
    (void)arg;
    for (int i = 0; i < 200; i++)
        fake_redis_message("p:news", "{\"event\":\"e\",\"data\":\"0123456789012345678901234567\"}");
}

static void
set_gate(bool open)
{
    pthread_mutex_lock(&gate.lock);
    gate.open = open;
    pthread_cond_broadcast(&gate.cond);
    while (!open && !gate.standing)
        pthread_cond_wait(&gate.cond, &gate.lock);
    pthread_mutex_unlock(&gate.lock);
}

static bool
becomes(struct test_thread *t, void (*read)(void *arg), bool wanted)
{
    uint64_t end = clock_ms() + 5000;
    bool is = !wanted;

    while (is != wanted && clock_ms() < end)
        on_thread(t, read, &is);
    return is == wanted;
}

/* Worker 1 stands still while the hub delivers to it. */
static void
a_worker_behind_holds_redis_and_answers_and_loses_nothing(void **state)
{
    pthread_t holder;

    (void)state;
    gate.standing = false;
    on_thread(&workers[1].thread, join_news, &workers[1]);
    settle();
    assert_int_equal(pthread_create(&holder, NULL, hold_worker, &workers[1].thread), 0);
    set_gate(false);
    on_thread(&hub_thread, flood, NULL);
    assert_true(becomes(&hub_thread, read_paused, true));
    assert_true(becomes(&workers[0].thread, read_full, true));
    on_thread(&workers[0].thread, publish_two, &workers[0]);
    on_thread(&hub_thread, nothing, NULL);
    on_thread(&workers[0].thread, nothing, NULL);
    assert_int_equal(workers[0].answers, 0);
    set_gate(true);
    pthread_join(holder, NULL);
    assert_true(becomes(&hub_thread, read_paused, false));
    assert_true(becomes(&workers[0].thread, read_full, false));
    settle();
    gate.open = false;
    assert_int_equal(workers[1].broadcasts, 201);
    assert_int_equal(workers[0].answers, 1);
    assert_true(workers[0].drains >= 1);
}

static void
post_many(void *arg)
{
    for (int i = 0; i < 500; i++)
        join_and_sync(arg);
}

static void
two_threads_at_once_lose_nothing(void **state)
{
    (void)state;
    /* A listener from the first event on: joins still in the mailbox are none. */
    on_thread(&workers[0].thread, join_news, &workers[0]);
    settle();
    for (int round = 0; round < 4; round++) {
        for (int i = 0; i < WORKERS; i++)
            on_thread(&workers[i].thread, post_many, &workers[i]);
        redis_says("p:news", "{\"event\":\"e\",\"data\":1}");
    }
    for (int i = 0; i < WORKERS; i++)
        assert_true(becomes(&workers[i].thread, read_full, false));
    settle();
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(workers[i].answers, 2000);
    assert_int_equal(workers[0].broadcasts, 4);
}

int
main(void)
{
#define TEST(name, open) cmocka_unit_test_setup_teardown(name, open, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_worker_behind_holds_redis_and_answers_and_loses_nothing, setup_small),
        TEST(two_threads_at_once_lose_nothing, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
