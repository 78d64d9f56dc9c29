/* SPDX-License-Identifier: MIT */
/*
 * stop_marks: what a `stop` leaves for the `start`s that it cannot see.
 *
 * A start is not to be found before it holds its lock or its port, and its `stop` may be over by
 * then.  So each stop leaves a mark under the port before it looks for a server, and a start reads
 * the marks once it holds the port: one of the two sees the other.
 *
 *   - A mark forbids: a start that was born before the stop does not serve.
 *   - A mark permits: a start that was born after the stop takes one mark away, and with it the
 *     stop's right to end whatever older server is in the way.
 *
 * A mark is a file in /dev/shm and vanishes with the machine's start.  Where there is no such
 * folder there are no marks; then a start only waits.  Marks of the own user and of root count, and
 * nobody else's; those of root only forbid, since none but root can take them.  Several stops of
 * one script are one mark, unless they run at the same time.  Any thread.
 */
#ifndef INSTANCE_STOP_MARKS_H
#define INSTANCE_STOP_MARKS_H

#include <stdbool.h>

#include "base/attr.h"

struct process_birth;

/* host as of registration_open(). */
void stop_marks_leave(const char *host, unsigned port);
/* Whether a stop that is younger than this start has left a mark. */
MUST_USE bool stop_marks_forbid(const char *host, unsigned port, const struct process_birth *start);
/* Take a mark that is older than this start: preferably one of the same script, else the oldest. */
MUST_USE bool stop_marks_take(const char *host, unsigned port, const struct process_birth *start);

#endif
