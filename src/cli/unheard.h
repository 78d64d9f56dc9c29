/* SPDX-License-Identifier: MIT */
/*
 * unheard: warnings and errors of a process whose stderr is the null device.  They also go to
 * syslog; and a start keeps its errors, see failed_start.h.
 */
#ifndef CLI_UNHEARD_H
#define CLI_UNHEARD_H

#include <stdbool.h>

#include "base/str.h"

/* First of all: also opens the null device where a standard descriptor is closed, so that none of
 * these numbers is ever given to a socket. */
void unheard_begin(void);
/* Whether stderr is the null device. */
bool unheard_is_needed(void);

/* Before there are threads. */
void unheard_keep_errors(void);
/* Borrowed: a line each. */
struct str unheard_errors(void);
void unheard_drop_errors(void);

#endif
