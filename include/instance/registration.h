/* SPDX-License-Identifier: MIT */
/*
 * registration: a running server's entry under its port: an abstract Unix socket, which vanishes
 * with the process and lives in the same network namespace as the port.  The kernel, not the
 * server, says whose it is.  So `stop` and a second `start` find a server whatever became of its
 * lock file or its folder.  To its own user and to root it says a line about itself.
 */
#ifndef INSTANCE_REGISTRATION_H
#define INSTANCE_REGISTRATION_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct loop;
struct registration;

/* host NULL: all addresses; "localhost": both of loopback.  describe appends the line that is said
 * to its user and root; request is what they want besides, mostly nothing.  NULL: another process
 * has this name. */
MUST_USE struct registration *registration_open(struct loop *l, const char *host, unsigned port,
    void (*describe)(void *owner, struct str request, struct buffer *line), void *owner);
void registration_close(struct registration *r);

/*
 * Whether a server is registered at this port with an address that overlaps host: one of our own
 * user or of root; for root also one of anybody that holds a socket which listens at the port.  Who
 * else has the name counts as absent.  *pid is 0 when the process cannot be named, because it is in
 * another PID namespace.  A server of this process is not found.  line NULL: not asked for; else
 * the server's line is appended, or nothing when it says none within a few seconds.
 */
bool registration_find(const char *host, unsigned port, pid_t *pid, struct buffer *line);
/* The same, with a request of less than REGISTRATION_REQUEST_SIZE bytes, which the server acts upon
 * before it says its line. */
enum { REGISTRATION_REQUEST_SIZE = 64 };
bool registration_ask(
    const char *host, unsigned port, const char *request, pid_t *pid, struct buffer *line);
/* Whether two servers with these addresses would be in each other's way at one port. */
bool registration_overlaps(const char *one, const char *other);

#endif
