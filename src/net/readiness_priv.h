/* SPDX-License-Identifier: MIT */
/*
 * readiness: which streams of a loop can be read or written: one epoll set, which libuv watches
 * with one poll handle.
 *
 * A poll handle for each stream would be 160 bytes a connection, besides libuv's own table.  The
 * loop's thread only.
 */
#ifndef NET_READINESS_PRIV_H
#define NET_READINESS_PRIV_H

#include <stdbool.h>
#include <uv.h>

#include "base/attr.h"

/* Part of its loop. */
struct readiness {
    uv_poll_t poll;
    int set;
    size_t members; /* while there is one, libuv's loop is alive */
    /* Set by stream.c.  member may be one that left in this very turn: it looks at its state. */
    void (*on_ready)(void *member, bool readable, bool writable);
};

void readiness_init(struct readiness *r, uv_loop_t *uv);
/* libuv's loop has to run once more. */
void readiness_close(struct readiness *r);

/* A member, which waits for nothing yet. */
void readiness_join(struct readiness *r);
void readiness_leave(struct readiness *r);

enum { READINESS_READ = 1, READINESS_WRITE = 2 };

/*
 * Wait for wanted instead of before, both a sum of READINESS_*; 0: of nothing, not even of errors.
 * An error of the socket counts as what is waited for: reading or writing tells which it is.
 * False: the kernel refused.
 */
MUST_USE bool readiness_watch(
    const struct readiness *r, int fd, unsigned before, unsigned wanted, void *member);

#endif
