/* SPDX-License-Identifier: MIT */
/*
 * reloader: the configuration in effect, and its exchange for another one while the server runs.
 *
 *   load --bad--> each problem was said; nothing changes
 *     `-> reconcile -> snapshot, certificates --bad--> the problem is said; nothing changes
 *                          `-> every worker: worker_renew() -> each acknowledges
 *                                -> the old one is freed
 *
 * The main thread only.
 */
#ifndef SERVER_RELOADER_H
#define SERVER_RELOADER_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct config;
struct loop;
struct reloader;
struct snapshot;
struct tls_context;
struct worker;

/* c must outlive it. */
struct reloader *reloader_open(struct loop *l, const struct config *c);
/* What the start needs of files; false: *error is one sentence that names the option. */
MUST_USE bool reloader_begin(struct reloader *r, struct buffer *error);
/* The workers that read reloader_limits(); count of them is how many there are by now. */
void reloader_attach(struct reloader *r, struct worker *const *workers, const unsigned *count);
/* Where another configuration comes from; NULL: it is bad, and each problem was said. */
void reloader_from(struct reloader *r, struct config *(*load)(void *owner), void *owner);

/*
 * Read it anew; while another one is still on its way to the workers, after that.  True: a worker
 * has yet to take it, see reloader_acknowledged(); false: it is over, and nothing has changed.
 */
MUST_USE bool reloader_run(struct reloader *r);
/* A worker has let go of the one before.  True: there is more to wait for. */
MUST_USE bool reloader_acknowledged(struct reloader *r);

const struct snapshot *reloader_limits(const struct reloader *r);
/* NULL: plain. */
struct tls_context *reloader_tls(const struct reloader *r);

/* No more files are looked at. */
void reloader_close(struct reloader *r);
/* After the threads ended. */
void reloader_free(struct reloader *r);

#endif
