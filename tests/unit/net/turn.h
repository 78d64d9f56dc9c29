/* SPDX-License-Identifier: MIT */
/*
 * turn: a loop is turned until what a test waits for holds; a test that waits in vain is ended by
 * its alarm.
 */
#ifndef UNIT_NET_TURN_H
#define UNIT_NET_TURN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "net/loop.h"

/* The slowest step is redis-server's start under a sanitizer's load. */
enum { PATIENCE_S = 60, TURN_US = 100 };

static inline void
turn(struct loop *l)
{
    loop_turn(l);
    usleep(TURN_US);
}

#define TURN_UNTIL(l, condition)                                                                   \
    while (!(condition))                                                                           \
    turn(l)

static inline int
be_patient(void **state)
{
    (void)state;
    alarm(PATIENCE_S);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup(name, be_patient)

#endif
