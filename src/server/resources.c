/* SPDX-License-Identifier: MIT */
/*
 * resources: threads, descriptors, Redis.
 */
#include "server/resources.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/config.h"
#include "hub/hub.h"

/* When the limit is not a number, or cannot be read. */
enum { PLENTY = 1 << 20, FEW = 1024 };

enum {
    DESCRIPTOR_RESERVE = 64, /* Redis, files, connections that are refused for want of room */
    DESCRIPTORS_A_LOOP = 8,
    DESCRIPTORS_LEAST = 16,       /* the standard streams, the lock file, how a server is found */
    DESCRIPTORS_A_LOOP_LEAST = 6, /* libuv's four, the set of streams, a socket */
};

/* Members are shared where a Redis is named, or used anyway; else no other server reads them. */
bool
resources_redis_members(const struct config *c)
{
    if (c->embedded || c->database != CONFIG_DATABASE_REDIS)
        return false;
    return c->subscriber_redis || config_is_set(c, "databaseConfig.redis") ||
           config_is_set(c, "databaseConfig.redis.host") ||
           config_is_set(c, "databaseConfig.redis.url");
}

bool
resources_redis(const struct config *c)
{
    return c->subscriber_redis || resources_redis_members(c);
}

static unsigned
count_cores(void)
{
    cpu_set_t set;
    long online = sysconf(_SC_NPROCESSORS_ONLN);

    if (sched_getaffinity(0, sizeof(set), &set) == 0)
        online = CPU_COUNT(&set);
    if (online < 1)
        return 1;
    return online > HUB_WORKERS_MAX ? HUB_WORKERS_MAX : (unsigned)online;
}

unsigned
resources_workers(const struct config *c)
{
    return c->workers ? (unsigned)c->workers : count_cores();
}

size_t
resources_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return FEW;
    if (limit.rlim_cur != limit.rlim_max) {
        struct rlimit raised = { limit.rlim_max, limit.rlim_max };

        if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
            limit = raised;
    }
    return limit.rlim_cur == RLIM_INFINITY ? PLENTY : (size_t)limit.rlim_cur;
}

/* The hub and the main thread have a loop each. */
bool
resources_fit(const struct config *c, size_t descriptors, struct buffer *error)
{
    unsigned workers = resources_workers(c);
    size_t least = DESCRIPTORS_LEAST + (size_t)DESCRIPTORS_A_LOOP_LEAST * (workers + 2);

    if (descriptors >= least)
        return true;
    buffer_printf(error,
        "%s: workers: the loops of %u workers take %zu descriptors, and the limit is %zu; raise it "
        "(LimitNOFILE= of the service, ulimit -n, minfds of supervisor), or set fewer workers",
        config_name(c), workers, least, descriptors);
    return false;
}

size_t
resources_room(const struct config *c, size_t descriptors, unsigned workers)
{
    size_t reserve =
        DESCRIPTOR_RESERVE + c->auth_max_requests + (size_t)DESCRIPTORS_A_LOOP * (workers + 2);

    return descriptors > reserve + workers ? descriptors - reserve : workers;
}
