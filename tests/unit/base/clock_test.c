/* SPDX-License-Identifier: MIT */
/*
 * clock: monotonic and wall time.
 */
#include "base/clock.h"

#include <time.h>

#include "text.h"

static void
monotonic_time_never_goes_back(void **state)
{
    uint64_t before = clock_us();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t now = clock_us();
        assert_true(now >= before);
        before = now;
    }
}

static void
units_agree(void **state)
{
    uint64_t ms = clock_ms(), us = clock_us(), later = clock_ms();

    (void)state;
    assert_true(us / 1000 >= ms && us / 1000 <= later);
}

static void
waiting_is_measured(void **state)
{
    const struct timespec pause = { .tv_nsec = 20000000 };
    uint64_t before = clock_ms();

    (void)state;
    nanosleep(&pause, NULL);
    assert_true(clock_ms() - before >= 19);
}

static void
wall_time_counts_from_1970(void **state)
{
    uint64_t before = (uint64_t)time(NULL), now = clock_wall_ms() / 1000;

    (void)state;
    assert_true(now + 1 >= before && now <= before + 5);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(monotonic_time_never_goes_back),
        cmocka_unit_test(units_agree),
        cmocka_unit_test(waiting_is_measured),
        cmocka_unit_test(wall_time_counts_from_1970),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
