/* SPDX-License-Identifier: MIT */
/*
 * redis_contact, for the files that it consists of:
 *
 *   redis_contact   states, requests and their replies
 *   redis_greeting  AUTH, SELECT, PING, the question: from connected to open
 *   redis_push      messages of subscriptions
 */
#ifndef REDIS_REDIS_CONTACT_PRIV_H
#define REDIS_REDIS_CONTACT_PRIV_H

#include "base/buffer.h"
#include "base/list.h"
#include "net/loop.h"
#include "net/timer.h"
#include "redis_contact.h"
#include "redis_parser.h"
#include "redis_reason.h"
#include "redis_settings.h"

struct connector;
struct stream;

/*
 *   CONNECTING --> GREETING --let in--> OPEN
 *        |             |                 |
 *        `-----------> FALLING <---------'      on_lost at the end of the turn
 *
 * Any of them --owner--> CLOSED.
 */
enum redis_contact_state {
    REDIS_CONTACT_CONNECTING,
    REDIS_CONTACT_GREETING,
    REDIS_CONTACT_OPEN,
    REDIS_CONTACT_FALLING,
    REDIS_CONTACT_CLOSED,
};

/* Freed at the end of the turn in which it is closed. */
struct redis_contact {
    struct loop *loop;
    struct redis_settings *settings;
    const struct redis_contact_handlers *handlers;
    void *owner;
    char where[300];
    bool sentinel, tls, path;
    struct bytes *question;

    enum redis_contact_state state;
    unsigned limit_ms;
    struct timer limit; /* of the greeting */
    struct loop_task fallen;
    struct connector *connector;
    struct stream *stream;
    struct redis_parser parser;
    struct list requests;           /* the oldest first */
    struct buffer patterns;         /* subscribed to, each behind its length */
    bool mute;                      /* it has not said anything yet */
    bool paused, is_stopped;        /* wanted, and done */
    char reason[REDIS_REASON_SIZE]; /* "" while it goes well */
};

/* Say it, and wait for the answer, in whatever state. */
void redis_contact_ask(struct redis_contact *c, struct bytes *request,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner);
/* What stands in the way is noted once; it is told when c falls. */
void redis_contact_note(struct redis_contact *c, struct str error, const char *action);
/* The greeting is over. */
void redis_contact_let_in(struct redis_contact *c, const struct redis_value *answer);
/* It said what nobody asked. */
void redis_contact_fall_strange(struct redis_contact *c);

/* Connected: say what is said first. */
void redis_greeting_send(struct redis_contact *c);

/* Confirmations for this pattern may come. */
void redis_push_expect(struct redis_contact *c, struct str pattern);
/* A value that no request waits for. */
void redis_push_take(struct redis_contact *c, const struct redis_value *v);

#endif
