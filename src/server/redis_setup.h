/* SPDX-License-Identifier: MIT */
/*
 * redis_setup: the options of Redis as the redis layer takes them.  Pure.
 */
#ifndef SERVER_REDIS_SETUP_H
#define SERVER_REDIS_SETUP_H

struct config;
struct redis_options;

/* c must outlive *out. */
void redis_setup_fill(const struct config *c, struct redis_options *out);

#endif
