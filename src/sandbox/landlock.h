/* SPDX-License-Identifier: MIT */
/*
 * landlock: which files a thread can reach, whatever its user may do.  Only what is opened from
 * then on: descriptors stay as they are.  A thread that is made later has its maker's rules.
 */
#ifndef SANDBOX_LANDLOCK_H
#define SANDBOX_LANDLOCK_H

#include <stdbool.h>

#include "base/attr.h"

enum landlock_access {
    LANDLOCK_READ,   /* what is there and below */
    LANDLOCK_REMOVE, /* files of this folder and below */
};

/* A descriptor of rules that admit nothing, and bind no TCP port; -1: the kernel has no Landlock.
 */
MUST_USE int landlock_open(void);
/* A path that does not exist is nothing to admit. */
void landlock_admit(int rules, const char *path, enum landlock_access access);
/* For this thread.  It needs no_new_privs.  False: the kernel refused. */
MUST_USE bool landlock_enter(int rules);

#endif
