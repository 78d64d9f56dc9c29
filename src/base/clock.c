/* SPDX-License-Identifier: MIT */
/*
 * clock: the system's clocks in milliseconds and microseconds.
 */
#include "base/clock.h"

#include <time.h>

static uint64_t
read_us(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

uint64_t
clock_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

uint64_t
clock_ms(void)
{
    return clock_us() / 1000;
}

uint64_t
clock_wall_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}
