/* SPDX-License-Identifier: MIT */
/*
 * redis_link, for the files of redis: the link's states and what they have.
 *
 *   redis_link      states, attempts, the owner's side
 *   redis_contact   one context of hiredis and its readiness
 *   redis_greeting  AUTH, SELECT, PING: from connected to ready
 */
#ifndef REDIS_REDIS_LINK_PRIV_H
#define REDIS_REDIS_LINK_PRIV_H

#include <hiredis/async.h>
#include <stdint.h>

#include "net/loop.h"
#include "net/timer.h"
#include "redis/redis_link.h"
#include "redis_guard.h"
#include "redis_reason.h"

struct poller;
struct resolver;

/*
 *   WAITING --back-off--> RESOLVING --> GREETING --AUTH, SELECT, PING--> READY
 *      ^                      |            |                               |
 *      `--end of the turn-- FALLING <------'-------------------------------'
 *
 * WAITING    nothing but the timer.
 * RESOLVING  the name is looked up.
 * GREETING   a context; connecting, then waiting for the replies.
 * READY      the owner may use it.
 * FALLING    given up; the owner has not heard of it yet.
 * CLOSED     the owner is gone.
 */
enum redis_link_state {
    REDIS_LINK_WAITING,
    REDIS_LINK_RESOLVING,
    REDIS_LINK_GREETING,
    REDIS_LINK_READY,
    REDIS_LINK_FALLING,
    REDIS_LINK_CLOSED,
};

/* Freed at the end of the turn in which it is closed; its context goes before it. */
struct redis_link {
    struct loop *loop;
    const struct redis_link_handlers *handlers;
    void *owner;
    char *host, *username, *password;
    char where[300]; /* "host:port" */
    unsigned port, db, connect_timeout_ms;

    enum redis_link_state state;
    bool was_ready; /* FALLING: before it fell */
    uint64_t ready_at_ms;
    struct timer timer; /* the back-off, or the limit of an attempt */
    struct loop_task fallen;
    unsigned attempts; /* since it was steady */
    struct resolver *resolver;
    redisAsyncContext *context;
    struct redis_guard guard;
    struct poller *poller;
    bool want_read, want_write, paused;
    bool warned;                      /* about a password that nobody asks for */
    char reason[REDIS_REASON_SIZE];   /* of this attempt; "" while it goes well */
    char reported[REDIS_REASON_SIZE]; /* what on_down heard last; "" after on_ready */
};

/* It is over with this connection, or attempt: end it at the end of the turn, and say why. */
void redis_link_fall(struct redis_link *r, const char *reason);
/* The greeting is over. */
void redis_link_succeed(struct redis_link *r);

/* Connect, then greet. */
void redis_contact_open(struct redis_link *r, const char *address);
/* Nothing of it reaches the link any more but NULL for the commands under way. */
void redis_contact_drop(struct redis_link *r);
/* Wait for what is wanted now. */
void redis_contact_watch(struct redis_link *r);

/* Connected: send it. */
void redis_greeting_send(struct redis_link *r);

#endif
