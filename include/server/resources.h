/* SPDX-License-Identifier: MIT */
/*
 * resources: what a configuration asks of the machine, and what the machine gives.  Any thread.
 */
#ifndef SERVER_RESOURCES_H
#define SERVER_RESOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"

struct buffer;
struct config;

/* Whether the members of presence channels are kept in Redis: where one is named, or used anyway.
 */
bool resources_redis_members(const struct config *c);

/* Whether Redis is used at all. */
bool resources_redis(const struct config *c);

/* Threads that serve connections. */
unsigned resources_workers(const struct config *c);

/* Raise the soft limit of open files to the hard one, as Node.js does; returns what it is now. */
size_t resources_descriptors(void);

/* Whether a limit of descriptors is enough for the workers, without any connection.  False: *error
 * is one sentence. */
MUST_USE bool resources_fit(const struct config *c, size_t descriptors, struct buffer *error);

/*
 * The memory that this process may use: the machine's, or less where a control group (version 2)
 * around it has a limit; 0: it cannot be read.  proc and groups are where the kernel shows them,
 * "/proc" and "/sys/fs/cgroup".
 */
size_t resources_memory(const char *proc, const char *groups);

/* What clients may take up of that much memory (memoryLimit); 0: any amount. */
size_t resources_memory_limit(const struct config *c, size_t memory);

/* How many connections a limit of descriptors has room for, beside so many workers. */
size_t resources_room(const struct config *c, size_t descriptors, unsigned workers);

#endif
