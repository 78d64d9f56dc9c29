/* SPDX-License-Identifier: MIT */
/*
 * control: the commands for a server that is running: `stop`, `reload`, `status` and `limits`.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "args.h"
#include "base/address.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/str.h"
#include "command.h"
#include "config/config.h"
#include "error_copies.h"
#include "instance/claim.h"
#include "instance/process.h"
#include "instance/registration.h"
#include "instance/running.h"
#include "instance/stop_marks.h"
#include "instance/targets.h"

/* ---- stop: a mark for starts that cannot be seen yet, then each server that is found ---- */

enum { SERVERS_MAX = 8 };

static bool
stop_one(const struct target *t, const struct running *r)
{
    uint64_t patience_ms = t->config->shutdown_timeout_ms + RUNNING_PATIENCE_MS;
    const char *label = t->place.file ? t->place.file : "the built-in configuration";

    if (r->pid)
        return running_report(running_stop(&t->where, r->pid, patience_ms), r, label);
    log_error(
        "port %u: a server is running in another PID namespace; stop it there", t->where.port);
    return false;
}

/* There may be a server that this stop must not end. */
static void
say_nothing_to_stop(struct targets *t)
{
    struct running r;
    size_t i;

    for (i = 0; i < t->count; i++)
        t->items[i].where.than = NULL;
    if (targets_choose(t, &i, &r) == TARGETS_ONE)
        printf("Process %d was started after this stop command, and keeps running.\n", (int)r.pid);
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

    if (choice == TARGETS_SEVERAL)
        return false;
    if (any)
        targets_keep(t, i);
    for (i = 0; i < t->count; i++)
        /* Without a configuration, no start can be under way. */
        if (t->items[i].place.exists || is_by_port)
            stop_marks_leave(t->items[i].where.host, t->items[i].where.port);
    for (int n = 0; n < SERVERS_MAX; n++) {
        choice = targets_choose(t, &i, &r);
        if (choice != TARGETS_ONE)
            break;
        any = true;
        if (!stop_one(&t->items[i], &r))
            return false;
    }
    if (!any && choice == TARGETS_NONE)
        say_nothing_to_stop(t);
    return choice == TARGETS_NONE;
}

int
control_stop(const struct args *a)
{
    struct process_birth self = process_own_birth();
    struct targets t;
    bool ok;

    targets_init(&t, &(struct targets_named){ a->dir, a->config, a->port }, &self);
    ok = stop_all(&t, a->port != NULL);
    targets_fini(&t);
    return ok ? EXIT_DONE : EXIT_FAILED;
}

/* ---- reload ---- */

static int
reload_one(const struct args *a, const struct target *t, const struct running *r)
{
    int pid = (int)r->pid;

    (void)a; /* what it says is done */
    if (r->reference) {
        log_error(
            "process %d is laravel-echo-server, which cannot reload: the signal would end it", pid);
        return EXIT_FAILED;
    }
    if (!running_signal(&t->where, r->pid, SIGHUP)) {
        log_error("process %d cannot be signalled: it has ended, or belongs to another user", pid);
        return EXIT_FAILED;
    }
    printf("Told process %d to reload; the result is in its log.\n", pid);
    return EXIT_DONE;
}

/* ---- for the one server that runs here ---- */

/* without: the exit code if none does. */
static int
visit_running(const struct args *a, int without,
    int (*visit)(const struct args *a, const struct target *t, const struct running *r),
    void (*visit_place)(const struct place *p))
{
    enum targets_choice choice;
    int code = EXIT_FAILED;
    struct targets t;
    struct running r;
    size_t i;

    targets_init(&t, &(struct targets_named){ a->dir, a->config, a->port }, NULL);
    choice = targets_choose(&t, &i, &r);
    if (choice == TARGETS_ONE) {
        code = visit(a, &t.items[i], &r);
    } else if (choice == TARGETS_NONE) {
        puts("No server is running here.");
        code = without;
    }
    for (i = 0; visit_place && i < t.count; i++)
        visit_place(&t.items[i].place);
    targets_fini(&t);
    return code;
}

int
control_reload(const struct args *a)
{
    return visit_running(a, EXIT_DONE, reload_one, NULL);
}

/* ---- status ---- */

enum { MINUTE_S = 60, HOUR_S = 60 * MINUTE_S, DAY_S = 24 * HOUR_S };

static void
print_fact(const char *name, struct str value)
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

/* What clients take up, in MB. */
static void
print_memory(const struct claim_line *d)
{
    const double megabyte = 1e6;

    printf("  %-15s%.1f MB", "memory", (double)d->memory / megabyte);
    if (d->memory_limit > 0)
        printf(" of %.1f MB", (double)d->memory_limit / megabyte);
    puts(" for clients");
}

static int
print_running(const struct args *a, const struct target *t, const struct running *r)
{
    struct buffer line = { 0 };
    struct claim_line d;
    pid_t pid;

    (void)a; /* what it says is done */
    if (r->pid)
        printf("Running: %s, process %d.\n", running_kind(r), (int)r->pid);
    else
        puts("Running: a server in another PID namespace.");
    print_uptime(r->pid);
    if (registration_find(t->where.host, t->where.port, &pid, &line) && pid == r->pid &&
        claim_parse(buffer_str(&line), &d)) {
        print_fact("state", d.state);
        print_fact("version", d.version);
        print_fact("configuration", d.config.len ? d.config : STR_LIT("built-in"));
        printf("  %-15s%.*s port %" PRIu64 "\n", "address", STR_ARG(d.host), d.port);
        printf("  %-15s%" PRIu64 "\n", "connections", d.connections);
        print_memory(&d);
        print_fact("sandbox", d.sandbox);
    } else if (t->place.file) {
        print_fact("configuration", str_of(t->place.file));
    }
    buffer_fini(&line);
    return EXIT_DONE;
}

static void
print_failed_start(const struct place *p)
{
    struct buffer text = { 0 };
    struct str when, line, rest;

    if (error_copies_read(p, &text)) {
        when = str_cut(buffer_str(&text), '\n', &rest);
        printf("The last start of %s failed at %.*s:\n",
            p->file ? p->file : "the default configuration", STR_ARG(when));
        while (rest.len > 0) {
            line = str_cut(rest, '\n', &rest);
            printf("  %.*s\n", STR_ARG(line));
        }
    }
    buffer_fini(&text);
}

int
control_status(const struct args *a)
{
    return visit_running(a, EXIT_NOT_RUNNING, print_running, print_failed_start);
}

/* ---- limits ---- */

/* "192.0.2.1|connections|12|1764040866" */
static void
print_limited(struct str entry)
{
    struct str address = str_cut(entry, '|', &entry), what = str_cut(entry, '|', &entry);
    struct str times = str_cut(entry, '|', &entry);
    uint64_t since_s = 0;
    char when[32] = "";
    struct tm utc;
    time_t since;

    if (str_to_u64(entry, INT32_MAX * UINT64_C(4), &since_s)) {
        since = (time_t)since_s;
        gmtime_r(&since, &utc);
        strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
    }
    printf("%-28.*s %-12.*s %8.*s  %s\n", STR_ARG(address), STR_ARG(what), STR_ARG(times), when);
}

/* As it is printed: of IPv6 with its /64. */
static struct str
lifted_address(const struct args *a)
{
    struct str text = str_of(a->lift);

    if (str_ends(text, "/64"))
        text.len -= 3;
    return text;
}

static int
print_limits(const struct args *a, const struct target *t, const struct running *r)
{
    char request[REGISTRATION_REQUEST_SIZE];
    struct buffer line = { 0 };
    struct claim_line d;
    pid_t pid;
    bool known;

    if (a->lift)
        snprintf(request, sizeof(request), CLAIM_LIFT "%.*s", STR_ARG(lifted_address(a)));
    known = registration_ask(t->where.host, t->where.port, a->lift ? request : NULL, &pid, &line) &&
            pid == r->pid && claim_parse(buffer_str(&line), &d);
    if (!known)
        log_error("process %d does not say whom it limits", (int)r->pid);
    else if (d.limited.len == 0)
        puts("Nobody is limited.");
    else
        printf("%-28s %-12s %8s  since\n", "address", "what", "refused");
    while (known && d.limited.len > 0)
        print_limited(str_cut(d.limited, ',', &d.limited));
    buffer_fini(&line);
    return known ? EXIT_DONE : EXIT_FAILED;
}

int
control_limits(const struct args *a)
{
    struct address ignored;

    if (a->lift && (lifted_address(a).len >= ADDRESS_TEXT_SIZE ||
                       !address_parse(lifted_address(a), &ignored))) {
        log_error("--lift is \"%s\"; expected an address like 192.0.2.1, or 2001:db8:: for its /64",
            a->lift);
        return EXIT_FAILED;
    }
    return visit_running(a, EXIT_NOT_RUNNING, print_limits, NULL);
}
