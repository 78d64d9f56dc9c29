/* SPDX-License-Identifier: MIT */
/*
 * stop: a mark first, so that a start which cannot be seen yet knows; then whoever is found, until
 * nobody is.
 */
#include "stop.h"

#include <stdio.h>

#include "args.h"
#include "base/log.h"
#include "config/config.h"
#include "exits.h"
#include "instance/process.h"
#include "instance/running.h"
#include "instance/stop_marks.h"
#include "instance/targets.h"

/* Beyond the server's own shutdownTimeout. */
enum { SERVERS_MAX = 8 };

static const char *
label(const struct target *t)
{
    return t->place.file ? t->place.file : "the built-in configuration";
}

static bool
stop_one(const struct target *t, const struct running *r)
{
    if (!r->pid) {
        log_error(
            "a server runs at port %u, but its process is not to be seen from here", t->where.port);
        return false;
    }
    return running_report(
        running_stop(&t->where, r->pid, t->config->shutdown_timeout_ms + RUNNING_PATIENCE_MS), r,
        label(t));
}

/* Where there is no configuration, no start is under way. */
static void
leave_marks(const struct targets *t, bool is_by_port)
{
    for (size_t i = 0; i < t->count; i++)
        if (t->items[i].place.exists || is_by_port)
            stop_marks_leave(t->items[i].where.host, t->items[i].where.port);
}

/* A server that this stop must not end. */
static void
say_nothing_to_stop(struct targets *t)
{
    struct running r;
    size_t i;

    for (i = 0; i < t->count; i++)
        t->items[i].where.than = NULL;
    if (targets_choose(t, &i, &r) == TARGETS_ONE)
        printf("Process %d was started after this stop, and goes on.\n", (int)r.pid);
    else
        puts("No server is running here.");
}

static bool
stop_all(struct targets *t, bool is_by_port)
{
    struct running r;
    size_t i = 0;
    enum targets_choice choice = targets_choose(t, &i, &r);
    bool any = choice == TARGETS_ONE;

    if (any)
        targets_keep(t, i);
    if (choice != TARGETS_SEVERAL)
        leave_marks(t, is_by_port);
    for (int n = 0; n < SERVERS_MAX && choice != TARGETS_SEVERAL; n++) {
        choice = targets_choose(t, &i, &r);
        if (choice == TARGETS_NONE)
            break;
        any = true;
        if (choice == TARGETS_ONE && !stop_one(&t->items[i], &r))
            return false;
    }
    if (!any && choice == TARGETS_NONE)
        say_nothing_to_stop(t);
    return choice == TARGETS_NONE;
}

int
stop_run(const struct args *a)
{
    struct process_birth self = process_own_birth();
    struct targets t;
    bool ok;

    targets_init(&t, &(struct targets_named){ a->dir, a->config, a->port }, &self);
    ok = stop_all(&t, a->port != NULL);
    targets_fini(&t);
    return ok ? EXIT_DONE : EXIT_FAILED;
}
