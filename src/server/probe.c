/* SPDX-License-Identifier: MIT */
/*
 * probe: a loop of its own, until there is an answer.
 */
#include "server/probe.h"

#include "base/buffer.h"
#include "config/config.h"
#include "net/loop.h"
#include "redis/redis_link.h"
#include "redis/redis_probe.h"
#include "redis_setup.h"

struct probe {
    struct loop *loop;
    struct redis_probe *redis;
    struct buffer *why;
    bool good;
};

static void
on_redis_done(void *owner, const char *error)
{
    struct probe *p = owner;

    p->good = !error;
    if (error)
        buffer_append_text(p->why, error);
    redis_probe_close(p->redis);
    loop_stop(p->loop);
}

static void
append_pattern(const struct config *c, struct buffer *out)
{
    redis_link_escape_pattern(str_of(c->key_prefix), out);
    buffer_append_text(out, "*");
}

bool
probe_redis(const struct config *c, struct buffer *why)
{
    struct probe p = { .why = why };
    struct buffer pattern = { 0 };
    struct redis_setup redis;

    if (!redis_setup_init(&redis, c, why))
        return false;
    p.loop = loop_new();
    append_pattern(c, &pattern);
    p.redis = redis_probe_open(p.loop, &redis.options, buffer_str(&pattern), on_redis_done, &p);
    loop_run(p.loop);
    buffer_fini(&pattern);
    redis_setup_fini(&redis);
    loop_free(p.loop);
    return p.good;
}
