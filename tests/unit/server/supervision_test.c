/* SPDX-License-Identifier: MIT */
/*
 * supervision: when the watchdog is fed, and when it starves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "manager.h"
#include "net/loop.h"
#include "net/timer.h"
#include "notify.h"
#include "supervision.h"

enum { WORKERS = 2, HUB = WORKERS, PARTIES, WATCHDOG_MS = 80, TURNS_MS = 200 };

static struct manager manager;
static struct loop *loop;
static struct notify *notify;
static struct supervision *supervision;
static struct loop *parties[PARTIES];
static bool hangs[PARTIES];

static int
set_up(void **state)
{
    const struct supervision_options o = { .workers = WORKERS, .port = 6001, .redis = true };

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    memset(hangs, 0, sizeof(hangs));
    manager_open(&manager);
    setenv("WATCHDOG_USEC", "80000", 1);
    loop = loop_new();
    notify = notify_open();
    supervision = supervision_open(loop, notify, &o);
    for (unsigned i = 0; i < PARTIES; i++) {
        parties[i] = loop_new();
        supervision_watch(supervision, i, parties[i]);
    }
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    supervision_close(supervision);
    loop_stop(loop);
    loop_run(loop);
    supervision_free(supervision);
    loop_free(loop);
    for (unsigned i = 0; i < PARTIES; i++)
        loop_free(parties[i]);
    notify_free(notify);
    notify_clear_environment();
    manager_close(&manager);
    return 0;
}

static void
on_over(void *over)
{
    *(bool *)over = true;
}

static void
turn_all(void)
{
    loop_turn(loop);
    for (unsigned i = 0; i < PARTIES; i++)
        if (!hangs[i])
            loop_turn(parties[i]);
}

/* Turns all once; how many datagrams of this text came.  They are read as they come, because the
 * kernel's queue may hold no more than ten. */
static unsigned
heard(const char *text)
{
    char said[MANAGER_TEXT_SIZE];
    unsigned count = 0;

    turn_all();
    for (manager_read(&manager, said); *said; manager_read(&manager, said))
        count += strcmp(said, text) == 0;
    usleep(1000);
    return count;
}

/* In several times the period. */
static unsigned
heard_in_time(const char *text)
{
    unsigned count = 0;
    struct timer t;
    bool over = false;

    timer_init(&t, on_over, &over);
    timer_start(loop, &t, TURNS_MS);
    while (!over)
        count += heard(text);
    return count;
}

/* Several times.  The shortest wait for it: the machine may be busy now and then. */
static uint64_t
is_fed(void)
{
    uint64_t shortest_ms = UINT64_MAX;

    for (unsigned i = 0; i < 5; i++) {
        uint64_t before_ms = loop_now_ms(loop);

        while (!heard("WATCHDOG=1"))
            ;
        if (loop_now_ms(loop) - before_ms < shortest_ms)
            shortest_ms = loop_now_ms(loop) - before_ms;
    }
    return shortest_ms;
}

static void
the_beginning_is_ready_and_a_status(void **state)
{
    (void)state;
    supervision_start(supervision);
    manager_hears(&manager, "READY=1");
    manager_hears(&manager, "STATUS=Listening on port 6001. Redis is not connected yet");
}

static void
the_watchdog_is_fed_while_every_loop_turns(void **state)
{
    (void)state;
    supervision_start(supervision);
    assert_true(is_fed() < WATCHDOG_MS / 2);
}

static void
starves_without(unsigned party)
{
    supervision_start(supervision);
    (void)is_fed();
    hangs[party] = true;
    (void)heard_in_time("WATCHDOG=1"); /* for the beats before */
    assert_int_equal(heard_in_time("WATCHDOG=1"), 0);
}

static void
a_worker_that_hangs_starves_it(void **state)
{
    (void)state;
    starves_without(1);
}

static void
a_hub_that_hangs_starves_it(void **state)
{
    (void)state;
    starves_without(HUB);
}

static void
a_late_beat_feeds_it_again(void **state)
{
    (void)state;
    starves_without(0);
    hangs[0] = false;
    (void)is_fed();
}

static void
one_that_never_ran_starves_it(void **state)
{
    (void)state;
    hangs[1] = true;
    supervision_start(supervision);
    assert_int_equal(heard_in_time("WATCHDOG=1"), 0);
}

/* A server's only worker and the hub. */
static void
parties_may_share_a_loop(void **state)
{
    (void)state;
    supervision_watch(supervision, HUB, parties[0]);
    hangs[HUB] = true; /* nobody's any more */
    supervision_start(supervision);
    (void)is_fed();
    hangs[0] = true;
    (void)heard_in_time("WATCHDOG=1");
    assert_int_equal(heard_in_time("WATCHDOG=1"), 0);
}

static void
the_state_of_redis_is_told(void **state)
{
    (void)state;
    supervision_start(supervision);
    supervision_redis(supervision, NULL);
    assert_int_equal(heard_in_time("STATUS=Listening on port 6001. Redis connected"), 1);
    supervision_redis(supervision, "connection refused");
    assert_int_equal(
        heard_in_time("STATUS=Listening on port 6001. Redis unreachable: connection refused"), 1);
}

static void
an_end_in_order_is_told_and_does_not_starve(void **state)
{
    (void)state;
    supervision_start(supervision);
    (void)heard_in_time("READY=1");
    hangs[0] = hangs[1] = hangs[HUB] = true;
    supervision_stopping(supervision);
    manager_hears(&manager, "STOPPING=1");
    (void)is_fed();
}

#define SUPERVISED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISED(the_beginning_is_ready_and_a_status),
        SUPERVISED(the_watchdog_is_fed_while_every_loop_turns),
        SUPERVISED(a_worker_that_hangs_starves_it),
        SUPERVISED(a_hub_that_hangs_starves_it),
        SUPERVISED(a_late_beat_feeds_it_again),
        SUPERVISED(one_that_never_ran_starves_it),
        SUPERVISED(parties_may_share_a_loop),
        SUPERVISED(the_state_of_redis_is_told),
        SUPERVISED(an_end_in_order_is_told_and_does_not_starve),
    };

    alarm(60);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
