/* SPDX-License-Identifier: MIT */
/*
 * Tests of signals.
 */
#include "net/signals.h"

#include <signal.h>

#include "peer.h"

static int last;

static void
on_signal(void *owner, int number)
{
    (void)owner;
    last = number;
}

static void
signal_reaches_the_loop(void **state)
{
    struct loop *l = loop_new();
    struct signals_watch *w = signals_open(l, SIGUSR1, on_signal, NULL);

    (void)state;
    raise(SIGUSR1);
    TURN_UNTIL(l, last == SIGUSR1);
    signals_close(w);
    signals_close(NULL);
    loop_turn(l);
    loop_free(l);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(signal_reaches_the_loop),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/signals", tests, NULL, NULL);
}
