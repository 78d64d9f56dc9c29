/* SPDX-License-Identifier: MIT */
/*
 * running: the server that already runs in a place, and its end.  Any thread; blocks.
 */
#ifndef SERVER_RUNNING_H
#define SERVER_RUNNING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct config;

/* Where a server would be found. */
struct running_place {
    const char *lock_path; /* NULL: none */
    const char *host;      /* as registration_open() */
    unsigned port;
};

/* By the lock file, else by the port; *pid is 0 when the process cannot be named. */
bool running_find(const struct running_place *place, pid_t *pid);

enum running_end {
    RUNNING_GONE,   /* it ended, or had ended before */
    RUNNING_KILLED, /* it did not end in time */
    RUNNING_DENIED, /* not ours to end */
    RUNNING_STUCK,  /* it survived even that */
};

/* End the server that was found as pid: SIGTERM, and SIGKILL after patience_ms.  Never signals a
 * process that is not found in the place any more. */
enum running_end running_stop(const struct running_place *place, pid_t pid, uint64_t patience_ms);

/* What a configuration registers. */
const char *running_host(const struct config *c);

#endif
