/* SPDX-License-Identifier: MIT */
/*
 * probe: tries what the configuration names, before a server runs.  Blocks; any thread, with no
 * server in the process needed.
 */
#ifndef SERVER_PROBE_H
#define SERVER_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/attr.h"
#include "base/buffer.h"
#include "config/config.h"

/*
 * Whether the configured Redis can be used: connect, authenticate, subscribe.  Takes at most about
 * twice databaseConfig.redis.connectTimeout.  False: one sentence was appended to *why, which names
 * what is wrong and holds no password.
 */
MUST_USE bool probe_redis(const struct config *c, struct buffer *why);

/* All zero before. */
struct probe_auth {
    unsigned status;     /* of the answer; 0: there was none */
    struct buffer cause; /* then: one sentence */
};

/* Ask the application about a private channel that no application defines, as the server would for
 * a browser without a session.  host: among c->auth_hosts, one with a scheme. */
void probe_auth(const struct config *c, size_t host, struct probe_auth *out);

enum probe_port {
    PROBE_PORT_FREE,
    PROBE_PORT_OURS,     /* a server of this program has it: *pid, or 0 when it cannot be named */
    PROBE_PORT_STRANGER, /* *why is one sentence */
    PROBE_PORT_BAD_HOST, /* *why is one sentence */
};

/* Try the address that the configuration listens on, and let go of it. */
enum probe_port probe_port(const struct config *c, pid_t *pid, struct buffer *why);

/*
 * Read the certificates as the server does, and look at their dates and their chain.  False: the
 * server would not start, and *why is one sentence that names option and file.  Else say is called
 * with what clients may find wrong, a line each, and with a note of each certificate.
 */
MUST_USE bool probe_tls(const struct config *c,
    void (*say)(void *owner, enum config_severity severity, const char *line), void *owner,
    struct buffer *why);

#endif
