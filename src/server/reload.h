/* SPDX-License-Identifier: MIT */
/*
 * reload: the configuration in effect, and its exchange for another one while the server runs.
 *
 *   load --bad--> each problem was said; nothing changes
 *     `-> reconcile -> snapshot, certificates --bad--> the problem is said; nothing changes
 *                          `-> every worker: worker_renew() -> each acknowledges
 *                                -> the old one is freed
 *
 * The main thread only.
 */
#ifndef SERVER_RELOAD_H
#define SERVER_RELOAD_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct config;
struct loop;
struct reload;
struct snapshot;
struct tls_context;
struct worker;

/* c must outlive it. */
struct reload *reload_open(struct loop *l, const struct config *c);
/* What the start needs of files; false: *error is one sentence that names the option. */
MUST_USE bool reload_begin(struct reload *r, struct buffer *error);
/* The workers that read reload_limits(); count of them is how many there are by now. */
void reload_attach(struct reload *r, struct worker *const *workers, const unsigned *count);
/* Where another configuration comes from; NULL: it is bad, and each problem was said. */
void reload_from(struct reload *r, struct config *(*load)(void *owner), void *owner);

/*
 * Read it anew; while another one is still on its way to the workers, after that.  True: a worker
 * has yet to take it, see reload_acknowledged(); false: it is over, and nothing has changed.
 */
MUST_USE bool reload_run(struct reload *r);
/* A worker has let go of the one before.  True: there is more to wait for. */
MUST_USE bool reload_acknowledged(struct reload *r);

const struct snapshot *reload_limits(const struct reload *r);
/* NULL: plain. */
struct tls_context *reload_tls(const struct reload *r);

/* No more files are looked at. */
void reload_close(struct reload *r);
/* After the threads ended. */
void reload_free(struct reload *r);

#endif
