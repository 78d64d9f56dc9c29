/* SPDX-License-Identifier: MIT */
/*
 * stop: by the lock file beside the configuration, else by the port.
 */
#include "stop.h"

#include <stdio.h>

#include "args.h"
#include "base/log.h"
#include "config/config.h"
#include "exits.h"
#include "place.h"
#include "server/running.h"

/* Beyond the server's own shutdownTimeout. */
enum { PATIENCE_MS = 5000, SERVERS_MAX = 4 };

static bool
report(enum running_end end, pid_t pid)
{
    switch (end) {
    case RUNNING_GONE:
        printf("Stopped, process %d.\n", (int)pid);
        return true;
    case RUNNING_KILLED:
        printf("Killed, process %d: it did not end in time.\n", (int)pid);
        return true;
    case RUNNING_DENIED:
        log_error("process %d cannot be ended: it belongs to somebody else", (int)pid);
        return false;
    case RUNNING_STUCK:
        log_error("process %d does not end", (int)pid);
        return false;
    }
    return false;
}

bool
stop_servers(const struct running_place *place, const struct config *c)
{
    pid_t pid;

    for (int i = 0; i < SERVERS_MAX && running_find(place, &pid); i++) {
        if (!pid) {
            log_error("a server runs at port %u, but its process is not to be seen from here",
                place->port);
            return false;
        }
        if (!report(running_stop(place, pid, c->shutdown_timeout_ms + PATIENCE_MS), pid))
            return false;
    }
    return true;
}

int
stop_run(const struct args *a)
{
    struct config_setting port = { "port", a->port, "--port" };
    struct place p;
    struct config *c;
    struct running_place where;
    pid_t pid;
    bool ok;

    place_init(&p, a);
    if (p.file && !p.exists)
        log_warning("%s: there is no such file", p.file);
    /* Whatever is wrong with the configuration: a running server can be stopped. */
    c = config_load(&(struct config_request){ .file = p.exists ? p.file : NULL,
        .settings = &port,
        .setting_count = a->port ? 1 : 0,
        .lenient = true });
    where = (struct running_place){ p.lock_path, running_host(c), (unsigned)c->port };
    if (!running_find(&where, &pid))
        puts("No server is running here.");
    ok = stop_servers(&where, c);
    config_free(c);
    place_fini(&p);
    return ok ? EXIT_DONE : EXIT_FAILED;
}
