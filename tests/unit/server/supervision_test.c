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

enum { WORKERS = 2, HUB = WORKERS, PARTIES, TURNS_MS = 200 };

static struct manager manager;
static struct loop *loop;
static struct notify *notify;
static struct supervision *supervision;
static unsigned pings[PARTIES];
static bool hangs[PARTIES];

static void
ping(void *owner, unsigned party)
{
    (void)owner;
    pings[party]++;
    if (!hangs[party])
        supervision_pong(supervision, party);
}

static int
set_up(void **state)
{
    const struct supervision_options o = {
        .workers = WORKERS, .port = 6001, .redis = true, .ping = ping
    };

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    memset(pings, 0, sizeof(pings));
    memset(hangs, 0, sizeof(hangs));
    manager_open(&manager);
    setenv("WATCHDOG_USEC", "40000", 1);
    loop = loop_new();
    notify = notify_open();
    supervision = supervision_open(loop, notify, &o);
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

/* Several times the period; how many datagrams of this text came in it.  They are read as they
 * come, because the kernel's queue may hold no more than ten. */
static unsigned
heard_in_time(const char *text)
{
    char heard[MANAGER_TEXT_SIZE];
    unsigned count = 0;
    struct timer t;
    bool over = false;

    timer_init(&t, on_over, &over);
    timer_start(loop, &t, TURNS_MS);
    while (!over) {
        loop_turn(loop);
        for (manager_read(&manager, heard); *heard; manager_read(&manager, heard))
            count += strcmp(heard, text) == 0;
        usleep(1000);
    }
    return count;
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
the_watchdog_is_fed_while_everybody_answers(void **state)
{
    (void)state;
    supervision_start(supervision);
    assert_true(heard_in_time("WATCHDOG=1") >= 2);
    assert_true(pings[0] >= 2 && pings[1] == pings[0] && pings[HUB] == pings[0]);
}

static void
starves_without(unsigned party)
{
    supervision_start(supervision);
    assert_true(heard_in_time("WATCHDOG=1") > 0);
    hangs[party] = true;
    (void)heard_in_time("WATCHDOG=1"); /* the round that was under way */
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
a_late_answer_feeds_it_again(void **state)
{
    (void)state;
    starves_without(0);
    hangs[0] = false;
    supervision_pong(supervision, 0);
    assert_true(heard_in_time("WATCHDOG=1") >= 2);
}

/* An answer counts once, whoever gives it how often. */
static void
one_that_answers_twice_does_not_stand_for_another(void **state)
{
    (void)state;
    hangs[1] = true;
    supervision_start(supervision);
    supervision_pong(supervision, 0);
    supervision_pong(supervision, 0);
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
    assert_true(heard_in_time("WATCHDOG=1") >= 2);
}

#define SUPERVISED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISED(the_beginning_is_ready_and_a_status),
        SUPERVISED(the_watchdog_is_fed_while_everybody_answers),
        SUPERVISED(a_worker_that_hangs_starves_it),
        SUPERVISED(a_hub_that_hangs_starves_it),
        SUPERVISED(a_late_answer_feeds_it_again),
        SUPERVISED(one_that_answers_twice_does_not_stand_for_another),
        SUPERVISED(the_state_of_redis_is_told),
        SUPERVISED(an_end_in_order_is_told_and_does_not_starve),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
