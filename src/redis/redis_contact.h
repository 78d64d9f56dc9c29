/* SPDX-License-Identifier: MIT */
/*
 * redis_contact: one connection to one server, from the look-up of its name to its loss: TCP, Unix
 * socket or TLS, with the greeting on it.  Tried once; it knows nothing of coming back, of
 * sentinels or of clusters.  Belongs to one loop.
 *
 *   stream --bytes--> redis_parser --values--> the oldest request, or a message
 *
 * A server that sends what was not asked for loses its connection.
 */
#ifndef REDIS_REDIS_CONTACT_H
#define REDIS_REDIS_CONTACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct bytes;
struct loop;
struct redis_contact;
struct redis_settings;
struct redis_value;

struct redis_contact_options {
    const char *host;
    unsigned port;
    const char *path; /* Unix socket, instead of both */
    bool sentinel;    /* it is one: its own user, no database */
    unsigned limit_ms;
    /* Asked when the server has let us in; count 0: nothing. */
    const struct str *question;
    size_t question_count;
};

struct redis_contact_handlers {
    /* Let in; answer is that to the question, borrowed, NULL without one. */
    void (*on_open)(void *owner, const struct redis_value *answer);
    /* It is over, or never began; requests under way have been told.  Called once, at the end
     * of a turn; the owner closes the contact. */
    void (*on_lost)(void *owner, const char *reason);
    /* Of patterns subscribed to; borrowed.  Both may be NULL. */
    void (*on_message)(void *owner, struct str channel, struct str payload);
    void (*on_subscribed)(void *owner);
};

/* s must outlive it; o is copied. */
struct redis_contact *redis_contact_open(struct loop *l, struct redis_settings *s,
    const struct redis_contact_options *o, const struct redis_contact_handlers *h, void *owner);
/* No handler is called any more, and no on_reply.  What was sent before is written first, as far as
 * the kernel takes it at once.  NULL is fine. */
void redis_contact_close(struct redis_contact *c);
/* It is over: on_lost follows with this reason (copied), unless there was one before. */
void redis_contact_fall(struct redis_contact *c, const char *reason);

bool redis_contact_is_open(const struct redis_contact *c);
/* "host:port", or the path. */
const char *redis_contact_where(const struct redis_contact *c);

/*
 * request is of redis_request_new(); a reference is taken.  on_reply comes once: with NULL when
 * the connection was lost first.  It may be NULL.  False: not open, nothing was sent.
 */
bool redis_contact_send(struct redis_contact *c, struct bytes *request,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner);
void redis_contact_psubscribe(struct redis_contact *c, struct str pattern);

/* Read no more, once it is open; or again.  Idempotent. */
void redis_contact_pause(struct redis_contact *c, bool paused);

#endif
