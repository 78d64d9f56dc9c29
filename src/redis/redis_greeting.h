/* SPDX-License-Identifier: MIT */
/*
 * redis_greeting: what is said first on a connection, and what the answers mean.  It knows the
 * commands and not the connection; it does no I/O.
 */
#ifndef REDIS_REDIS_GREETING_H
#define REDIS_REDIS_GREETING_H

#include <stdbool.h>

#include "base/attr.h"
#include "redis_reason.h"

struct bytes;
struct redis_settings;
struct redis_value;

/* Embedded; its owner fills in the first three.  Answers come in the order of the requests, so
 * answered never passes said. */
struct redis_greeting {
    struct redis_settings *settings;
    struct bytes *question; /* comes last; NULL: none */
    bool sentinel;          /* it is one: its own user, no database */
    unsigned said, answered;
};

/* The next request; to be released.  NULL: that was all. */
struct bytes *redis_greeting_next(struct redis_greeting *g);

enum redis_greeting_result {
    REDIS_GREETING_MORE,
    REDIS_GREETING_LET_IN,  /* v is the answer to the question, if there was one */
    REDIS_GREETING_REFUSED, /* for the reason; where that is empty, it is not a Redis */
};

/* v answers the oldest request.  about is of the server; an error goes to reason. */
MUST_USE enum redis_greeting_result redis_greeting_take(struct redis_greeting *g,
    const struct redis_value *v, struct redis_reason_about *about, char reason[REDIS_REASON_SIZE]);

#endif
