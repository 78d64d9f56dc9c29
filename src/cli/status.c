/* SPDX-License-Identifier: MIT */
/*
 * status: a line a fact.
 */
#include "status.h"

#include <inttypes.h>
#include <stdio.h>

#include "args.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/str.h"
#include "exits.h"
#include "failed_start.h"
#include "instance/description.h"
#include "instance/process.h"
#include "instance/registration.h"
#include "instance/running.h"
#include "instance/targets.h"

enum { MINUTE_S = 60, HOUR_S = 60 * MINUTE_S, DAY_S = 24 * HOUR_S };

static void
fact(const char *name, struct str value)
{
    if (value.len > 0)
        printf("  %-15s%.*s\n", name, STR_ARG(value));
}

static void
print_uptime(pid_t pid)
{
    struct process_birth birth;
    uint64_t age;

    if (!process_read_birth(pid, &birth))
        return;
    age = process_age_s(&birth);
    printf("  %-15s%" PRIu64 " d %02u:%02u:%02u\n", "uptime", age / DAY_S,
        (unsigned)(age % DAY_S / HOUR_S), (unsigned)(age % HOUR_S / MINUTE_S),
        (unsigned)(age % MINUTE_S));
}

static void
print_description(const struct description *d)
{
    fact("state", d->state);
    fact("version", d->version);
    fact("configuration", d->config.len ? d->config : STR_LIT("built-in"));
    printf("  %-15s%.*s port %" PRIu64 "\n", "address", STR_ARG(d->host), d->port);
    printf("  %-15s%" PRIu64 "\n", "connections", d->connections);
}

static void
print_running(const struct target *t, const struct running *r)
{
    struct buffer line = { 0 };
    struct description d;
    pid_t pid;

    if (r->pid)
        printf("Running: %s, process %d.\n", running_kind(r), (int)r->pid);
    else
        puts("Running: a server whose process is not to be seen from here.");
    print_uptime(r->pid);
    if (registration_ask(t->where.host, t->where.port, &pid, &line) && pid == r->pid &&
        description_parse(buffer_str(&line), &d))
        print_description(&d);
    else if (t->place.file)
        fact("configuration", str_of(t->place.file));
    buffer_fini(&line);
}

/* The first line is the time. */
static void
print_failure(const struct target *t)
{
    struct buffer text = { 0 };
    struct str when, line, rest;

    if (!failed_start_read(&t->place, &text))
        return;
    when = str_cut(buffer_str(&text), '\n', &rest);
    printf("The last start of %s failed at %.*s:\n",
        t->place.file ? t->place.file : "the default configuration", STR_ARG(when));
    while (rest.len > 0) {
        line = str_cut(rest, '\n', &rest);
        printf("  %.*s\n", STR_ARG(line));
    }
    buffer_fini(&text);
}

int
status_run(const struct args *a)
{
    int code = EXIT_FAILED;
    struct targets t;
    struct running r;
    size_t i;

    targets_init(&t, &(struct targets_named){ a->dir, a->config, a->port }, NULL);
    switch (targets_choose(&t, &i, &r)) {
    case TARGETS_ONE:
        print_running(&t.items[i], &r);
        code = EXIT_DONE;
        break;
    case TARGETS_NONE:
        puts("No server is running here.");
        code = EXIT_NOT_RUNNING;
        break;
    case TARGETS_SEVERAL:
        break;
    }
    for (i = 0; i < t.count; i++)
        print_failure(&t.items[i]);
    targets_fini(&t);
    return code;
}
