/* SPDX-License-Identifier: MIT */
/*
 * reload: one signal.
 */
#include "reload.h"

#include <signal.h>
#include <stdio.h>

#include "args.h"
#include "base/log.h"
#include "exits.h"
#include "instance/running.h"
#include "instance/targets.h"

static int
reload(const struct target *t, const struct running *r)
{
    int pid = (int)r->pid;

    if (r->reference) {
        log_error("process %d is laravel-echo-server, which would end: it cannot reload", pid);
        return EXIT_FAILED;
    }
    if (!running_signal(&t->where, r->pid, SIGHUP)) {
        log_error("process %d cannot be told: it is gone, or belongs to somebody else", pid);
        return EXIT_FAILED;
    }
    printf("Told process %d to reload; its log says what became of it.\n", pid);
    return EXIT_DONE;
}

int
reload_run(const struct args *a)
{
    int code = EXIT_FAILED;
    struct targets t;
    struct running r;
    size_t i;

    targets_init(&t, &(struct targets_named){ a->dir, a->config, a->port }, NULL);
    switch (targets_choose(&t, &i, &r)) {
    case TARGETS_ONE:
        code = reload(&t.items[i], &r);
        break;
    case TARGETS_NONE:
        puts("No server is running here.");
        code = EXIT_DONE;
        break;
    case TARGETS_SEVERAL:
        break;
    }
    targets_fini(&t);
    return code;
}
