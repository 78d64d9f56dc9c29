/* SPDX-License-Identifier: MIT */
/*
 * redis_reason: why there is no Redis, and what there is to do, in an operator's words.  What a
 * server wrote is never repeated: whatever answers at that address may send back the password.  The
 * first reason is the one that counts, and what follows is its consequence: out is filled in where
 * it is empty.  Pure.
 */
#ifndef REDIS_REDIS_REASON_H
#define REDIS_REDIS_REASON_H

#include <stdbool.h>

#include "base/str.h"

enum { REDIS_REASON_SIZE = 512 };

/* The server. */
struct redis_reason_about {
    const char *where;  /* "host:port", or a path */
    const char *action; /* the last command that the user may have been refused: "PSUBSCRIBE" */
    bool sentinel;      /* it is one */
    bool tls, path;
    bool by_sentinels; /* they named it */
};

/* It answered with an error. */
void redis_reason_refused(
    char out[REDIS_REASON_SIZE], const struct redis_reason_about *about, struct str error);
/* There is no connection; sentence is net's. */
void redis_reason_failed(
    char out[REDIS_REASON_SIZE], const struct redis_reason_about *about, const char *sentence);
/* It closed the connection, before it had said anything (mute) or later. */
void redis_reason_closed(
    char out[REDIS_REASON_SIZE], const struct redis_reason_about *about, bool mute);
/* It is not a Redis: said are the first bytes that it sent. */
void redis_reason_stranger(
    char out[REDIS_REASON_SIZE], const struct redis_reason_about *about, struct str said);

/* Whether an error only says that no password is needed. */
bool redis_reason_is_needless_password(struct str error);
/* Whether it is a master that became a replica: it answers, but takes no writes any more. */
bool redis_reason_is_demoted(struct str error);

#endif
