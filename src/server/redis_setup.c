/* SPDX-License-Identifier: MIT */
/*
 * redis_setup: from the names of options to those of the redis layer.
 */
#include "redis_setup.h"

#include "config/config.h"
#include "redis/redis_link.h"

void
redis_setup_fill(const struct config *c, struct redis_options *out)
{
    *out = (struct redis_options){
        .host = c->redis_host,
        .port = (unsigned)c->redis_port,
        .username = c->redis_username,
        .password = c->redis_password,
        .db = (unsigned)c->redis_db,
        .connect_timeout_ms = (unsigned)c->redis_connect_timeout_ms,
    };
}
