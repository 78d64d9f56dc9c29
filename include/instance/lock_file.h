/* SPDX-License-Identifier: MIT */
/*
 * lock_file: the file beside the configuration that says which process serves it.
 *
 * The lock is flock(2)'s, which vanishes with its process: what the file holds, {"process": PID},
 * is never believed by itself.  So a stale file, a PID that was given to another process, or a
 * container where every PID is 1, refuse no start and harm no stranger.
 *
 * laravel-echo-server writes the same file at the same place and locks nothing.  It is believed
 * where the PID is, by its command line, a laravel-echo-server of the same user that was there when
 * the file was written; and since it reads our file as its own, the way back works as well.  Any
 * thread.
 */
#ifndef INSTANCE_LOCK_FILE_H
#define INSTANCE_LOCK_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"

struct buffer;
struct lock_file;

enum lock_file_result {
    LOCK_FILE_TAKEN,
    LOCK_FILE_HELD,   /* by a process that lives, or it names a laravel-echo-server */
    LOCK_FILE_FAILED, /* *error is one sentence */
};

MUST_USE enum lock_file_result lock_file_take(
    const char *path, struct lock_file **lock, struct buffer *error);
/* Removes the file; NULL is fine. */
void lock_file_release(struct lock_file *lock);

/* Whether a live process holds it; *pid is 0 when that process cannot be named. */
bool lock_file_holder(const char *path, pid_t *pid);
/* The laravel-echo-server that the file names, or 0. */
pid_t lock_file_reference(const char *path);

/*
 * Any file under flock(2): the descriptor of the file at path, made when there is none, locked, and
 * known to be the one at path.  No other user may open it: anyone who can read it could lock it.
 * -1: errno, EWOULDBLOCK when another process held it at each attempt (10 ms apart).
 */
MUST_USE int lock_file_open(const char *path, int attempts);
/* Only while it is held.  Another file at the path stays. */
void lock_file_remove(int fd, const char *path);

#endif
