/* SPDX-License-Identifier: MIT */
/*
 * redis_setup: the options of Redis as the redis layer takes them, with the TLS context that they
 * ask for.
 */
#ifndef SERVER_REDIS_SETUP_H
#define SERVER_REDIS_SETUP_H

#include "base/attr.h"
#include "redis/redis_link.h"

struct buffer;
struct config;

/* Owns what options points to, besides the configuration. */
struct redis_setup {
    struct redis_options options;
    struct redis_node *sentinels, *cluster;
    struct connector_secure *tls;
};

/* c must outlive it.  False: *error is one sentence about databaseConfig.redis.tls, which begins
 * with the name of the file, if one is given. */
MUST_USE bool redis_setup_init(
    struct redis_setup *s, const struct config *c, const char *file, struct buffer *error);
/* Tolerates one that failed. */
void redis_setup_fini(struct redis_setup *s);

#endif
