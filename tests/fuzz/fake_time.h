/* SPDX-License-Identifier: MIT */
/*
 * fake_time: the monotonic clock and libcrypto's random bytes as an input needs them: time passes
 * when the entry says so, and each run draws the same bytes.  Between runs the clock is the real
 * one.  Included by one entry each; it defines what the C library and libcrypto define otherwise.
 */
#ifndef FUZZ_FAKE_TIME_H
#define FUZZ_FAKE_TIME_H

#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "net/loop.h"

enum { FAKE_TIME_START_S = 1000 };

static uint64_t fake_time_ns, fake_time_random; /* 0: the real clock */

int
clock_gettime(clockid_t id, struct timespec *t)
{
    if (fake_time_ns == 0 || (id != CLOCK_MONOTONIC && id != CLOCK_MONOTONIC_COARSE))
        return (int)syscall(SYS_clock_gettime, id, t);
    t->tv_sec = (time_t)(fake_time_ns / 1000000000);
    t->tv_nsec = (long)(fake_time_ns % 1000000000);
    return 0;
}

int RAND_bytes(unsigned char *out, int len);

/* xorshift64*: nothing here is a secret. */
int
RAND_bytes(unsigned char *out, int len)
{
    for (int i = 0; i < len; i++) {
        fake_time_random ^= fake_time_random >> 12;
        fake_time_random ^= fake_time_random << 25;
        fake_time_random ^= fake_time_random >> 27;
        out[i] = (unsigned char)(fake_time_random * 0x2545f4914f6cdd1d >> 56);
    }
    return 1;
}

static inline void
fake_time_begin(void)
{
    fake_time_ns = (uint64_t)FAKE_TIME_START_S * 1000000000;
    fake_time_random = 0x9e3779b97f4a7c15;
}

static inline void
fake_time_end(void)
{
    fake_time_ns = 0;
}

/* The time passes at once; what was due in it comes in its order. */
static inline void
fake_time_pass(struct loop *l, uint64_t ms)
{
    fake_time_ns += ms * 1000000;
    loop_turn(l);
}

#endif
