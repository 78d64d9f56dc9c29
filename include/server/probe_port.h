/* SPDX-License-Identifier: MIT */
/*
 * probe_port: tries the address that the configuration listens on, and lets go of it.  Blocks.
 */
#ifndef SERVER_PROBE_PORT_H
#define SERVER_PROBE_PORT_H

#include <sys/types.h>

struct buffer;
struct config;

enum probe_port {
    PROBE_PORT_FREE,
    PROBE_PORT_OURS,     /* a server of this program has it: *pid, or 0 when it cannot be named */
    PROBE_PORT_STRANGER, /* *why is one sentence */
    PROBE_PORT_BAD_HOST, /* *why is one sentence */
};

enum probe_port probe_port(const struct config *c, pid_t *pid, struct buffer *why);

#endif
