/* SPDX-License-Identifier: MIT */
/*
 * probe_port: bound as the server binds it.
 */
#include "server/probe_port.h"

#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include "config/config.h"
#include "instance/registration.h"
#include "instance/running.h"
#include "net/listener.h"

enum probe_port
probe_port(const struct config *c, pid_t *pid, struct buffer *why)
{
    unsigned port = (unsigned)c->port;
    bool in_use = false;
    int fd;

    *pid = 0;
    if (registration_find(running_host(c), port, pid))
        return PROBE_PORT_OURS;
    if (!listener_bind(c->host, port, 1, &fd, &in_use, why))
        return in_use ? PROBE_PORT_STRANGER : PROBE_PORT_BAD_HOST;
    close(fd);
    return PROBE_PORT_FREE;
}
