/* SPDX-License-Identifier: MIT */
/*
 * failed_start: what the last start that failed had to say, for `status`.
 *
 * A deploy script sends a start's output to /dev/null, so its errors are kept in a file.  It lies
 * beside the lock file, with ".failed" in place of ".lock": whoever deploys can write there, and
 * there `status` looks for a server anyway.  It is removed by the next start that succeeds, so no
 * folder of a working site holds one; and where there is no configuration and somebody watches, he
 * has seen the error, and nothing is written.
 */
#ifndef CLI_FAILED_START_H
#define CLI_FAILED_START_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct place;

/* Keep errors from now on.  Before there are threads, as all of this. */
void failed_start_watch(void);
void failed_start_record(const struct place *p);
/* This start succeeds. */
void failed_start_forget(const struct place *p);

/* Append the record; false: there is none. */
MUST_USE bool failed_start_read(const struct place *p, struct buffer *text);

#endif
