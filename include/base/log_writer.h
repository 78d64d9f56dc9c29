/* SPDX-License-Identifier: MIT */
/*
 * log_writer: the log's way to stderr while loops run.  A thread of its own writes, and alone waits
 * when nobody reads; whoever logs copies its line into a ring of fixed size and goes on.  A line
 * for which there is no room is lost and counted; when the ring is empty again, one line says how
 * many were.  It knows lines, not what they say.  Any thread, but for start and stop.
 */
#ifndef BASE_LOG_WRITER_H
#define BASE_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

/*
 * From now on lines are taken.  on_lost, which logs how many were lost, is called by the thread.
 * False: there is no thread to be had, and nothing changes.
 */
bool log_writer_start(void (*on_lost)(unsigned long lines));
/*
 * Write what was taken, and end the thread; later lines are written by whoever logs them.  If
 * stderr takes nothing for limit_ms, the rest and all later lines are lost.
 */
void log_writer_stop(unsigned limit_ms);

/* Wait until what was taken is written, for at most limit_ms: before the program aborts. */
void log_writer_flush(unsigned limit_ms);

/* For log: a line with its end.  False: nothing is started, write it yourself. */
MUST_USE bool log_writer_take(const char *line, size_t len);

#endif
