/* SPDX-License-Identifier: MIT */
/*
 * notify: what arrives at the service manager's socket.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "manager.h"
#include "notify.h"

static struct manager manager;

static int
set_up(void **state)
{
    (void)state;
    manager_open(&manager);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    manager_close(&manager);
    return 0;
}

static void
each_event_is_one_datagram(void **state)
{
    struct notify *n = notify_open();

    (void)state;
    assert_non_null(n);
    notify_ready(n);
    manager_hears(&manager, "READY=1");
    notify_status(n, STR_LIT("Redis connected"));
    manager_hears(&manager, "STATUS=Redis connected");
    notify_alive(n);
    manager_hears(&manager, "WATCHDOG=1");
    notify_stopping(n);
    manager_hears(&manager, "STOPPING=1");
    manager_hears(&manager, "");
    notify_free(n);
}

static void
a_reload_carries_the_time_of_its_beginning(void **state)
{
    struct notify *n = notify_open();
    uint64_t before = clock_us(), said;
    char text[MANAGER_TEXT_SIZE];

    (void)state;
    notify_reloading(n);
    manager_read(&manager, text);
    assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &said), 1);
    assert_true(said >= before && said <= clock_us());
    notify_free(n);
}

/* A line break would begin another assignment. */
static void
a_status_is_one_line(void **state)
{
    struct notify *n = notify_open();

    (void)state;
    notify_status(n, STR_LIT("Redis unreachable: a\nWATCHDOG=1\r\tb"));
    manager_hears(&manager, "STATUS=Redis unreachable: a WATCHDOG=1  b");
    notify_free(n);
}

static void
the_environment_is_left_without_a_trace(void **state)
{
    struct notify *n;

    (void)state;
    setenv("WATCHDOG_USEC", "3000000", 1);
    n = notify_open();
    assert_int_equal(notify_watchdog_ms(n), 3000);
    notify_free(n);
    /* A second attempt to serve hears of it as well. */
    n = notify_open();
    assert_int_equal(notify_watchdog_ms(n), 3000);
    notify_clear_environment();
    assert_null(getenv("NOTIFY_SOCKET"));
    assert_null(getenv("WATCHDOG_USEC"));
    assert_null(getenv("WATCHDOG_PID"));
    notify_free(n);
}

static void
the_watchdog_of_another_process_is_not_ours(void **state)
{
    char own[16];
    struct notify *n;

    (void)state;
    snprintf(own, sizeof(own), "%d", (int)getpid());
    setenv("WATCHDOG_USEC", "3000000", 1);
    setenv("WATCHDOG_PID", "1", 1);
    n = notify_open();
    assert_int_equal(notify_watchdog_ms(n), 0);
    notify_free(n);

    setenv("WATCHDOG_PID", own, 1);
    n = notify_open();
    assert_int_equal(notify_watchdog_ms(n), 3000);
    notify_free(n);
    notify_clear_environment();
}

static void
without_a_manager_nothing_is_said(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    assert_null(notify_open());
    setenv("NOTIFY_SOCKET", "tcp:127.0.0.1", 1);
    assert_null(notify_open());
    notify_ready(NULL);
    notify_status(NULL, STR_LIT("x"));
    assert_int_equal(notify_watchdog_ms(NULL), 0);
    manager_hears(&manager, "");
}

static void
a_manager_that_is_gone_hurts_nobody(void **state)
{
    struct notify *n = notify_open();

    (void)state;
    manager_close(&manager);
    notify_ready(n);
    notify_free(n);
    manager_open(&manager);
}

static void
an_abstract_name_is_taken_as_well(void **state)
{
    struct notify *n;

    (void)state;
    manager_close(&manager);
    manager_open_abstract(&manager);
    n = notify_open();
    notify_ready(n);
    manager_hears(&manager, "READY=1");
    notify_free(n);
}

#define HEARD(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        HEARD(each_event_is_one_datagram),
        HEARD(a_reload_carries_the_time_of_its_beginning),
        HEARD(a_status_is_one_line),
        HEARD(the_environment_is_left_without_a_trace),
        HEARD(the_watchdog_of_another_process_is_not_ours),
        HEARD(without_a_manager_nothing_is_said),
        HEARD(a_manager_that_is_gone_hurts_nobody),
        HEARD(an_abstract_name_is_taken_as_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
