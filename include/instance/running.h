/* SPDX-License-Identifier: MIT */
/*
 * running: the server that already runs in a place, and its end.  Any thread; blocks.
 */
#ifndef INSTANCE_RUNNING_H
#define INSTANCE_RUNNING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attr.h"

struct config;
struct process_birth;

/* Where a server would be found. */
struct running_place {
    const char *lock_path; /* NULL: none */
    const char *host;      /* as registration_open() */
    unsigned port;         /* 0: not by its port */
    /* By the port only a server whose configuration's file has this name; NULL: any.  Empty: one
     * with the built-in configuration. */
    const char *config_name;
    /* NULL: any; else none that is younger than this. */
    const struct process_birth *than;
};

struct running {
    pid_t pid;      /* 0: the process cannot be named */
    bool reference; /* it is a laravel-echo-server */
};

/* By the lock file, else by the port. */
MUST_USE bool running_find(const struct running_place *place, struct running *found);

/* What a server gets beyond its shutdownTimeout, before it is killed. */
enum { RUNNING_PATIENCE_MS = 5000 };

enum running_end {
    RUNNING_GONE,   /* it ended, or had ended before */
    RUNNING_KILLED, /* it did not end in time */
    RUNNING_DENIED, /* not ours to end */
    RUNNING_STUCK,  /* it survived even that */
};

/* End the server that was found as pid: SIGTERM, and SIGKILL after patience_ms.  Never signals a
 * process that is not found in the place any more. */
MUST_USE enum running_end running_stop(
    const struct running_place *place, pid_t pid, uint64_t patience_ms);
/* One signal, with the same care; false: it is gone, or not ours. */
MUST_USE bool running_signal(const struct running_place *place, pid_t pid, int number);

/* "server" or "laravel-echo-server": what it is called in messages. */
const char *running_kind(const struct running *r);
/* Tell the user how an end went; false: the server is still there. */
MUST_USE bool running_report(enum running_end end, const struct running *r, const char *where);

/* What a configuration registers. */
const char *running_host(const struct config *c);

#endif
