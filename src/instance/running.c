/* SPDX-License-Identifier: MIT */
/*
 * running: a process is held by a pidfd before it is looked at again and signalled, so that its
 * PID cannot be given to another one in between.
 */
#include "instance/running.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "instance/claim.h"
#include "instance/lock_file.h"
#include "instance/process.h"
#include "instance/registration.h"

enum { KILL_PATIENCE_MS = 5000 };

const char *
running_host(const struct config *c)
{
    return c->embedded ? "localhost" : c->host;
}

/* One whose age cannot be read is not ours to end either. */
static bool
is_too_young(const struct running_place *place, pid_t pid)
{
    struct process_birth birth;

    return place->than && pid && process_read_birth(pid, &birth) &&
           process_is_younger(&birth, place->than);
}

static bool
find_by_lock(const struct running_place *place, struct running *found)
{
    pid_t owner;
    bool held;

    *found = (struct running){ 0 };
    if (!place->lock_path)
        return false;
    held = lock_file_holder(place->lock_path, &found->pid);
    if (!held) {
        found->pid = lock_file_reference(place->lock_path);
        held = found->pid != 0;
        found->reference = held;
        /* One of ours looks the same under the name laravel-echo-server, and by a copy of its lock
         * file; but it is registered. */
        if (held && place->port && registration_find(place->host, place->port, &owner, NULL) &&
            owner == found->pid)
            found->reference = false;
    }
    return held && !is_too_young(place, found->pid);
}

static bool
has_config_name(struct str line, const char *name)
{
    struct claim_line d;
    const char *slash;

    if (!claim_parse(line, &d))
        return false;
    slash = memrchr(d.config.data, '/', d.config.len);
    if (slash)
        d.config = str_slice(slash + 1, (size_t)(d.config.data + d.config.len - slash - 1));
    return str_is(d.config, name);
}

static bool
find_by_port(const struct running_place *place, struct running *found)
{
    struct buffer line = { 0 };
    bool there;

    *found = (struct running){ 0 };
    if (!place->port)
        return false;
    there =
        registration_find(place->host, place->port, &found->pid, place->config_name ? &line : NULL);
    if (there && place->config_name)
        there = has_config_name(buffer_str(&line), place->config_name);
    buffer_fini(&line);
    return there && !is_too_young(place, found->pid);
}

bool
running_find(const struct running_place *place, struct running *found)
{
    struct running by_port;
    bool held = find_by_lock(place, found);

    if (held && found->pid)
        return true;
    if (!find_by_port(place, &by_port))
        return held;
    *found = by_port;
    return true;
}

/* The C library has this call, and pidfd_open, only since 2.36. */
static int
pidfd_signal(int pidfd, int number)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

static bool
pidfd_ends_within(int pidfd, uint64_t patience_ms)
{
    struct pollfd p = { .fd = pidfd, .events = POLLIN };
    int result;

    do {
        result = poll(&p, 1, patience_ms > INT_MAX ? INT_MAX : (int)patience_ms);
    } while (result < 0 && errno == EINTR);
    return result > 0;
}

/* The pidfd of the process while it is still the one that is found in the place; else -1, and *gone
 * says whether it ended. */
static int
hold_process(const struct running_place *place, pid_t pid, bool *gone)
{
    int pidfd = pid ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    struct running again;

    *gone = pid && (pidfd >= 0 || errno == ESRCH);
    if (pidfd < 0 || (running_find(place, &again) && again.pid == pid))
        return pidfd;
    close(pidfd);
    return -1;
}

enum running_end
running_stop(const struct running_place *place, pid_t pid, uint64_t patience_ms)
{
    bool gone;
    int pidfd = hold_process(place, pid, &gone);
    enum running_end end;

    if (pidfd < 0)
        return gone ? RUNNING_GONE : RUNNING_DENIED;
    if (pidfd_signal(pidfd, SIGTERM) != 0) {
        end = errno == ESRCH ? RUNNING_GONE : RUNNING_DENIED;
    } else if (pidfd_ends_within(pidfd, patience_ms)) {
        end = RUNNING_GONE;
    } else {
        pidfd_signal(pidfd, SIGKILL);
        end = pidfd_ends_within(pidfd, KILL_PATIENCE_MS) ? RUNNING_KILLED : RUNNING_STUCK;
    }
    close(pidfd);
    return end;
}

bool
running_signal(const struct running_place *place, pid_t pid, int number)
{
    bool gone;
    int pidfd = hold_process(place, pid, &gone);
    bool sent;

    if (pidfd < 0)
        return false;
    sent = pidfd_signal(pidfd, number) == 0;
    close(pidfd);
    return sent;
}

const char *
running_kind(const struct running *r)
{
    return r->reference ? "laravel-echo-server" : "server";
}

bool
running_report(enum running_end end, const struct running *r, const char *where)
{
    int pid = (int)r->pid;

    switch (end) {
    case RUNNING_GONE:
        printf("Stopped the %s of %s, process %d.\n", running_kind(r), where, pid);
        return true;
    case RUNNING_KILLED:
        printf("Killed the %s of %s, process %d: it did not end in time.\n", running_kind(r), where,
            pid);
        log_warning("process %d did not end in time and was killed", pid);
        return true;
    case RUNNING_DENIED:
        log_error("process %d cannot be stopped: it belongs to another user", pid);
        return false;
    case RUNNING_STUCK:
        log_error("process %d is still there after SIGKILL", pid);
        return false;
    }
    return false;
}
