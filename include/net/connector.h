/* SPDX-License-Identifier: MIT */
/*
 * connector: an outgoing connection: the name is resolved on libuv's thread pool, its addresses
 * are tried in order, TLS is negotiated, and a stream results.  The loop's thread only.
 */
#ifndef NET_CONNECTOR_H
#define NET_CONNECTOR_H

#include <stdbool.h>

#include "base/attr.h"

struct connector;
struct loop;
struct stream;
struct tls_context;

struct connector_target {
    const char *host; /* name or address; ignored with path */
    unsigned port;
    const char *path;        /* Unix socket; NULL: TCP */
    struct tls_context *tls; /* NULL: plain */
    const char *server_name; /* for SNI and verification; NULL: host */
    unsigned timeout_ms;     /* for all of it */
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
