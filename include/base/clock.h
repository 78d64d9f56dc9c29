/* SPDX-License-Identifier: MIT */
/*
 * clock: monotonic and wall time.  Any thread.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t
clock_read_us(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* Microseconds since some point before the program began; never goes back. */
static inline uint64_t
clock_us(void)
{
    return clock_read_us(CLOCK_MONOTONIC);
}

/* The same in milliseconds. */
static inline uint64_t
clock_ms(void)
{
    return clock_us() / 1000;
}

/* Wall time in milliseconds since 1970. */
static inline uint64_t
clock_wall_ms(void)
{
    return clock_read_us(CLOCK_REALTIME) / 1000;
}

#endif
