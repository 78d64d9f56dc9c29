/* SPDX-License-Identifier: MIT */
/*
 * redis_reason: why there is no Redis, in an operator's words.  What a server wrote is never
 * repeated: whatever answers at that address may send back the password.  Pure.
 */
#ifndef REDIS_REDIS_REASON_H
#define REDIS_REDIS_REASON_H

#include <hiredis/async.h>
#include <stdbool.h>

enum { REDIS_REASON_SIZE = 400 };

/* where is "host:port"; error is what the server answered. */
void redis_reason_refused(char out[REDIS_REASON_SIZE], const char *where, const char *error);
/* The connection c failed; was_ready: after Redis had answered. */
void redis_reason_failed(
    char out[REDIS_REASON_SIZE], const char *where, const redisAsyncContext *c, bool was_ready);
/* Whether it only says that no password is needed. */
bool redis_reason_is_needless_password(const char *error);

#endif
