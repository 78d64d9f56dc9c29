/* SPDX-License-Identifier: MIT */
/*
 * process: what the kernel says about a process: when it was born, and whether it is a
 * laravel-echo-server.  Any thread; reads /proc.
 */
#ifndef INSTANCE_PROCESS_H
#define INSTANCE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/attr.h"

/*
 * A birth orders the processes of a machine: by the kernel's clock tick of their fork, which an
 * exec does not change, and within a tick by their PIDs, which are given in order.
 */
struct process_birth {
    uint64_t ticks; /* since the machine's start */
    pid_t pid;
};

/* False: it is gone (a zombie is), or invisible from here. */
MUST_USE bool process_read_birth(pid_t pid, struct process_birth *birth);
struct process_birth process_own_birth(void);
bool process_is_younger(const struct process_birth *one, const struct process_birth *other);
bool process_is_same(const struct process_birth *one, const struct process_birth *other);
/* Since that birth. */
uint64_t process_age_s(const struct process_birth *birth);

/*
 * Whether pid is a laravel-echo-server of this user by its command line, and was there when the
 * file that names it was written.  Never this process or what started it: in a container a shell
 * with our own command line is PID 1.
 */
bool process_is_reference(pid_t pid, time_t written);

#endif
