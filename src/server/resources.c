/* SPDX-License-Identifier: MIT */
/*
 * resources: threads, descriptors, Redis.
 */
#include "server/resources.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/str.h"
#include "config/config.h"
#include "hub/hub.h"

enum {
    LINE_SIZE = 4096,
    MEMORY_SHARE = 2, /* the rest is for the kernel's buffers, Redis, the application */
};

/* When the limit is not a number, or cannot be read. */
enum { PLENTY = 1 << 20, FEW = 1024 };

enum {
    DESCRIPTOR_RESERVE = 64, /* Redis, files, connections that are refused for want of room */
    DESCRIPTORS_A_LOOP = 8,
    DESCRIPTORS_LEAST =
        19, /* the standard streams, the lock file, how a server is found, the sandbox */
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

/* The number in the first line that begins so; false: there is no such line, or no number. */
static bool
read_number(const char *path, const char *beginning, uint64_t *number)
{
    FILE *f = fopen(path, "re");
    char line[LINE_SIZE];
    bool found = false, is_number = false;

    while (f && !found && fgets(line, sizeof(line), f)) {
        struct str rest, text = str_of(line);

        found = str_starts(text, beginning);
        text =
            str_trim(str_slice(line + strlen(beginning), found ? text.len - strlen(beginning) : 0));
        is_number = str_to_u64(str_cut(text, ' ', &rest), UINT64_MAX, number);
    }
    if (f)
        fclose(f);
    return is_number;
}

/* The path of this process' control group of version 2, from the root of them all. */
static bool
read_group(const char *proc, char path[LINE_SIZE])
{
    char file[LINE_SIZE];
    bool found = false;
    FILE *f;

    (void)snprintf(file, sizeof(file), "%s/self/cgroup", proc);
    f = fopen(file, "re");
    while (f && !found && fgets(path, LINE_SIZE, f))
        found = strncmp(path, "0::/", 4) == 0;
    if (f)
        fclose(f);
    if (!found)
        return false;
    path[strcspn(path, "\n")] = '\0';
    memmove(path, path + 3, strlen(path + 3) + 1);
    return true;
}

size_t
resources_memory(const char *proc, const char *groups)
{
    char group[LINE_SIZE], file[2 * LINE_SIZE], *end;
    uint64_t kib, bytes, least = 0;

    (void)snprintf(file, sizeof(file), "%s/meminfo", proc);
    if (read_number(file, "MemTotal:", &kib))
        least = kib * 1024;
    if (!read_group(proc, group))
        return least;
    /* Each group around it may have a limit; "max" is none. */
    do {
        (void)snprintf(file, sizeof(file), "%s%s/memory.max", groups, group);
        if (read_number(file, "", &bytes) && (least == 0 || bytes < least))
            least = bytes;
        end = strrchr(group, '/');
        if (end)
            *end = '\0';
    } while (end);
    return least;
}

size_t
resources_memory_limit(const struct config *c, size_t memory)
{
    return config_is_set(c, "memoryLimit") ? c->memory_limit : memory / MEMORY_SHARE;
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
