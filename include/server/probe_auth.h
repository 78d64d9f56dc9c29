/* SPDX-License-Identifier: MIT */
/*
 * probe_auth: asks the application about a private channel that nobody defines, as the server would
 * for a browser without a session.  Blocks.
 */
#ifndef SERVER_PROBE_AUTH_H
#define SERVER_PROBE_AUTH_H

#include <stddef.h>

#include "base/buffer.h"

struct config;

/* All zero before. */
struct probe_auth {
    unsigned status;     /* of the answer; 0: there was none */
    struct buffer cause; /* then: one sentence */
};

/* host: among c->auth_hosts, one with a scheme. */
void probe_auth(const struct config *c, size_t host, struct probe_auth *out);

#endif
