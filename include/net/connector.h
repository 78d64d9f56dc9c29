/* SPDX-License-Identifier: MIT */
/*
 * connector: an outgoing connection: the name is resolved on libuv's thread pool, its addresses
 * are tried in order, encryption is negotiated, and a stream results.  The loop's thread only.
 */
#ifndef NET_CONNECTOR_H
#define NET_CONNECTOR_H

#include <stdatomic.h>

#include "base/attr.h"

struct connector;
struct loop;
struct stream;

/*
 * What encrypts connections: part of the object that does it.  Counted, and shared by
 * threads; immutable but for the count.
 */
struct connector_secure {
    atomic_uint refs;
    /* s, just connected, is encrypted from now on, and on_ready or on_end of its owner follows. The
     * peer proves to be server_name, if that is asked for. */
    void (*begin)(const struct connector_secure *c, struct stream *s, const char *server_name);
    /* With the last reference. */
    void (*free)(struct connector_secure *c);
};

/* NULL is fine for both. */
struct connector_secure *connector_secure_ref(struct connector_secure *c);
void connector_secure_unref(struct connector_secure *c);

struct connector_target {
    const char *host; /* name or address; ignored with path */
    unsigned port;
    const char *path;                /* Unix socket; NULL: TCP */
    struct connector_secure *secure; /* NULL: plain */
    const char *server_name;         /* the name to ask for; NULL: host */
    unsigned timeout_ms;             /* for all of it */
};

/*
 * on_done is called once, never from within connector_open(): with a stream to attach to, or NULL
 * and one sentence why ("connection refused by 127.0.0.1:80", "certificate verify failed: ...").
 * target is copied.
 */
struct connector *connector_open(struct loop *l, const struct connector_target *target,
    void (*on_done)(void *owner, struct stream *s, const char *error), void *owner);
/* on_done will not be called. */
void connector_cancel(struct connector *c);

#endif
