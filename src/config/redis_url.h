/* SPDX-License-Identifier: MIT */
/*
 * redis_url: databaseConfig.redis.url, or a text in place of databaseConfig.redis, into the other
 * options of Redis.
 *
 *   redis://user:password@host:6379/0   rediss:// and tls:// with TLS   unix:///run/redis.sock
 *
 * Scheme and all else may be missing; a mere number is a port, a mere path a Unix socket, as with
 * ioredis.  What is written in the text counts more than the same option beside it, unless that
 * comes from a stronger place (the environment over the file).
 */
#ifndef CONFIG_REDIS_URL_H
#define CONFIG_REDIS_URL_H

struct config;
struct findings;

void redis_url_apply(struct config *c, struct findings *f, const char *where);

#endif
