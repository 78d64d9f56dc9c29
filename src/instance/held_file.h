/* SPDX-License-Identifier: MIT */
/*
 * held_file: a file under flock(2) at a path from which it may be removed.  The lock vanishes with
 * its process.  Any thread.
 */
#ifndef INSTANCE_HELD_FILE_H
#define INSTANCE_HELD_FILE_H

#include <stdbool.h>

#include "base/attr.h"

enum { HELD_FILE_REST_MS = 10 };

/*
 * The descriptor of the file, made when there is none, locked, and known to be the one at path.
 * No other user may open it: whoever can read it could lock it.  -1: errno, EWOULDBLOCK when
 * another process held it at each attempt (HELD_FILE_REST_MS apart).
 */
MUST_USE int held_file_open(const char *path, int attempts);
void held_file_rest(void);
/* Only while it is held.  Somebody else's file at the path stays. */
void held_file_remove(int fd, const char *path);

#endif
