/* SPDX-License-Identifier: MIT */
/*
 * server: the whole of it: the workers, the hub, and the main thread that watches over them.
 *
 *   server_open --> server_start --> server_wait (until a signal) --> server_free
 *
 * SIGHUP reads the configuration anew and changes what is live, without closing a connection.
 *
 * The main thread only.  Everything is made before the threads run and freed after they ended.
 */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct config;
struct server;

/*
 * Everything but the threads; what is wrong with certificates or hosts is found before a port is
 * bound.  c must outlive it.  NULL: *error is one sentence, and *in_use says whether it is that
 * the port is taken.
 */
MUST_USE struct server *server_open(const struct config *c, bool *in_use, struct buffer *error);
/* Where SIGHUP gets another configuration from; NULL: it is bad, and each problem was said. */
void server_reload_from(struct server *s, struct config *(*load)(void *owner), void *owner);
/* Where it listens: the configuration's port, or that of the socket that a service manager passed.
 */
unsigned server_port(const struct server *s);
/*
 * Enters the sandbox, from which the caller may still remove lock_path (NULL: there is none), and
 * makes the threads.  From here on signals are obeyed, also those that the caller has held back
 * until now.  False: the machine has no threads for all workers, and some may run already: all that
 * may follow is the end of the process.
 */
MUST_USE bool server_start(struct server *s, const char *lock_path);

enum server_end {
    SERVER_ENDED,     /* orderly: server_free() may be called */
    SERVER_ABANDONED, /* threads still run: all that may follow is the end of the process */
};

/* Until SIGTERM or SIGINT, and the end of the threads or of shutdownTimeout. */
enum server_end server_wait(struct server *s);
void server_free(struct server *s);

#endif
