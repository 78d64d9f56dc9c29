/* SPDX-License-Identifier: MIT */
/*
 * syscalls: which system calls a running server makes, by purpose, and what becomes of each on the
 * main thread and on the others.  Data, and nothing else: docs/security.md shows the same table,
 * which the unit test compares.
 */
#ifndef SANDBOX_SYSCALLS_H
#define SANDBOX_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

/* MAIN also: the threads that look names up. */
enum syscalls_side { SYSCALLS_MAIN, SYSCALLS_WORKER, SYSCALLS_SIDES };

/* From RULE_FREE on it is allowed, most under a condition on its arguments. */
enum syscalls_rule {
    RULE_DENIED, /* EPERM and a line; so is each call below SYSCALLS_NEWEST that has no row */
    RULE_ABSENT, /* ENOSYS: callers try something older; so is each call above */
    RULE_KILLED,
    RULE_FREE,
    RULE_NO_EXEC,     /* memory that cannot be executed */
    RULE_READ_2,      /* for reading; the flags are the 2nd argument */
    RULE_READ_3,      /* the 3rd */
    RULE_FAMILIES,    /* sockets of IPv4, IPv6, Unix */
    RULE_NETLINK,     /* and of netlink */
    RULE_THREAD,      /* a thread, not a process */
    RULE_OWN_PROCESS, /* signals only to itself */
    RULE_OWN_LIMITS,  /* asks, does not set */
    RULE_NAMES,       /* of threads and memory */
    RULE_CONTROL,     /* blocking, bytes that wait, whether it is a terminal */
    RULES,
};

enum { SYSCALLS_NEWEST = 450, SYSCALLS_MAX = 512 };

struct syscalls_call {
    int number;
    const char *name;
};

struct syscalls_group {
    const char *purpose;
    enum syscalls_rule rule[SYSCALLS_SIDES];
    const struct syscalls_call *calls; /* ends with a name of NULL */
};

/* In the order in which a filter asks: what is called most comes first.  Ends with a purpose of
 * NULL. */
const struct syscalls_group *syscalls_groups(void);

/* What the documentation calls a rule. */
const char *syscalls_rule_text(enum syscalls_rule rule);
/* NULL: it is in no group. */
const char *syscalls_name(int number);

#endif
