/* SPDX-License-Identifier: MIT */
/*
 * probe: tries what the configuration names, before a server runs.  Blocks; any thread, with no
 * server in the process needed.
 */
#ifndef SERVER_PROBE_H
#define SERVER_PROBE_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct config;

/*
 * Whether the configured Redis can be used: connect, authenticate, subscribe.  Takes at most about
 * twice databaseConfig.redis.connectTimeout.  False: one sentence was appended to *why, which names
 * what is wrong and holds no password.
 */
MUST_USE bool probe_redis(const struct config *c, struct buffer *why);

#endif
