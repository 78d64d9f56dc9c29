/* SPDX-License-Identifier: MIT */
/*
 * seccomp: the table of syscalls as a filter of the kernel, and what the filter has denied.
 *
 * A denied call becomes a SIGSYS on its thread, whose handler counts it and lets the call return
 * EPERM: SECCOMP_RET_ERRNO would do without a signal, but nobody could say that it happened.  The
 * state is the process's, as the filter is.
 */
#ifndef SANDBOX_SECCOMP_H
#define SANDBOX_SECCOMP_H

#include <stdbool.h>

#include "base/attr.h"
#include "syscalls.h"

/* Whether the kernel has filters, and this build a table for the machine. */
bool seccomp_is_offered(void);
/*
 * Once, before the first filter: count denials.  Each adds to the eventfd that is returned, so that
 * a loop can wait for them; -1: there are no descriptors.
 */
MUST_USE int seccomp_watch(void);
/* This thread and those that it makes are filtered as side; MAIN: all threads that there are.  It
 * needs no_new_privs.  False: the kernel refused. */
MUST_USE bool seccomp_enter(enum syscalls_side side);
/* How often a call was denied on a side, and begin at 0 again. */
unsigned seccomp_take_denied(enum syscalls_side side, int number);

#endif
