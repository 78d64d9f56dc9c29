/* SPDX-License-Identifier: MIT */
/*
 * listener: listening sockets, one a worker on the same address, and the streams they accept.
 */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct listener;
struct loop;
struct stream;

/*
 * Bind count sockets to one address, before any thread runs; may block on the name.  host NULL:
 * all addresses, IPv6 and IPv4 (IPv4 alone where there is no IPv6).  The first is bound, and
 * listens, without SO_REUSEPORT, so that an address in use is refused; then the option is
 * set on it and the others share it.  They listen when they are opened; connections that come
 * earlier wait.  False: *error is one sentence, and *in_use says whether the address is taken.
 */
MUST_USE bool listener_bind(
    const char *host, unsigned port, unsigned count, int *fds, bool *in_use, struct buffer *error);

struct listener_handlers {
    /* Attach a handler to s, or close it, before returning. */
    void (*on_accept)(void *owner, struct stream *s);
    /* After listener_close(): the last event. */
    void (*on_close)(void *owner);
};

/*
 * Accept on fd, which is taken over.  When the process is out of descriptors accepting pauses until
 * one is free, which is logged once.  NULL: fd cannot listen (another socket does on its address),
 * and is closed.
 */
MUST_USE struct listener *listener_open(
    struct loop *l, int fd, const struct listener_handlers *h, void *owner);
void listener_close(struct listener *n);

#endif
