/* SPDX-License-Identifier: MIT */
/*
 * supervision: reports to the service manager while the server serves: Redis' state, and that every
 * thread still turns its loop.
 *
 * The main thread's, except where another is named.
 * Without a service manager there is no such object: every function takes NULL.
 */
#ifndef SERVER_SUPERVISION_H
#define SERVER_SUPERVISION_H

#include <stdbool.h>

struct loop;
struct notify;
struct supervision;

struct supervision_options {
    unsigned workers; /* parties 0 to workers - 1; the hub is the next one */
    unsigned port;
    bool redis; /* it is used, so its state is reported */
};

/* n must outlive it.  NULL when n is. */
struct supervision *supervision_open(
    struct loop *l, struct notify *n, const struct supervision_options *o);
/* Before the party runs: l, which others may share, has to turn. */
void supervision_watch(struct supervision *v, unsigned party, struct loop *l);
/* The parties run: ready. */
void supervision_start(struct supervision *v);
/* Parties end one by one: from here on the end of the process is bounded by other means. */
void supervision_stopping(struct supervision *v);
void supervision_close(struct supervision *v);
/* When no other thread runs any more. */
void supervision_free(struct supervision *v);

/* Any thread.  NULL: Redis is connected; else why it is not. */
void supervision_redis(struct supervision *v, const char *down);

#endif
