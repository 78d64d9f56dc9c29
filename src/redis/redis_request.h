/* SPDX-License-Identifier: MIT */
/*
 * redis_request: what is asked on a connection, and what a value that comes from it answers: the
 * oldest request that waits; when there is none, a subscription, or nothing.  It does no I/O.
 */
#ifndef REDIS_REDIS_REQUEST_H
#define REDIS_REDIS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/buffer.h"
#include "base/list.h"
#include "base/str.h"

struct bytes;
struct redis_value;

/* A command as it goes over the wire. */
struct bytes *redis_request_new(const struct str *argv, size_t argc);

/* Those of one connection.  Embedded. */
struct redis_requests {
    struct list waiting;    /* the oldest first */
    struct buffer patterns; /* subscribed to, each after its length */
};

void redis_request_init(struct redis_requests *r);
/* No on_reply is called any more. */
void redis_request_fini(struct redis_requests *r);

/* A request was sent: the next value that is not another's goes to on_reply, which may be NULL. */
void redis_request_await(struct redis_requests *r,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner);
/* The oldest one that waits gets v; calls up.  False: none waits. */
bool redis_request_answer(struct redis_requests *r, const struct redis_value *v);

/* A request that no reply but messages and a confirmation follow. */
struct bytes *redis_request_subscribe(struct redis_requests *r, struct str pattern);

enum redis_unasked {
    REDIS_UNASKED_MESSAGE,      /* items 2 and 3 are its channel and its payload */
    REDIS_UNASKED_CONFIRMATION, /* of a subscription */
    REDIS_UNASKED_ERROR,        /* comes before the end of the connection */
    REDIS_UNASKED_STRANGE,      /* not asked for */
};

/* What a value is that no request waits for. */
MUST_USE enum redis_unasked redis_request_unasked(
    const struct redis_requests *r, const struct redis_value *v);

#endif
