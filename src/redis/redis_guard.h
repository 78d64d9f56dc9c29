/* SPDX-License-Identifier: MIT */
/*
 * redis_guard: what may pass from a server to hiredis.  hiredis ends the process (assert) when a
 * server says something that it was not asked; the guard makes that an error of the connection.
 */
#ifndef REDIS_REDIS_GUARD_H
#define REDIS_REDIS_GUARD_H

#include <hiredis/async.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/str.h"

/* Embedded; must outlive the context that it guards. */
struct redis_guard {
    const redisReplyObjectFunctions *real;
    redisReplyObjectFunctions functions;
    const redisAsyncContext *context;
    struct buffer patterns; /* subscribed to, each behind its length */
    bool push;              /* the reply under way is a message or a confirmation */
    bool confirms;
};

/* Guard a new connection. */
void redis_guard_install(struct redis_guard *g, redisAsyncContext *c);
void redis_guard_fini(struct redis_guard *g);
/* Confirmations for this pattern may come. */
void redis_guard_expect(struct redis_guard *g, struct str pattern);

#endif
