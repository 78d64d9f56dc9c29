/* SPDX-License-Identifier: MIT */
/*
 * error_copies: where warnings and errors go besides stderr, because a deploy script sends that to
 * /dev/null.
 *
 * Where stderr is the null device they also go to syslog.  The errors of a start that failed are
 * kept in a file for `status`.  It lies beside the lock file, with ".failed" in place of ".lock":
 * anyone who deploys can write there, and there `status` looks for a server anyway.  The next start
 * that succeeds removes it, so no folder of a working site holds one; and where there is no
 * configuration and stderr is seen, nothing is written.
 *
 * Lines are copied on any thread; the functions here are called before there are others.
 */
#ifndef CLI_ERROR_COPIES_H
#define CLI_ERROR_COPIES_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct place;

/* First of all: also opens the null device where a standard descriptor is closed, so that none of
 * these numbers is ever given to a socket. */
void error_copies_begin(void);
/* Whether stderr is the null device. */
bool error_copies_are_needed(void);

/* Keep errors from now on. */
void error_copies_keep(void);
/* Write down those that were kept: this start failed. */
void error_copies_record(const struct place *p);
/* This start succeeds. */
void error_copies_forget(const struct place *p);
/* Append the record: the time (UTC), then a line for each error.  False: there is no record. */
MUST_USE bool error_copies_read(const struct place *p, struct buffer *text);

#endif
