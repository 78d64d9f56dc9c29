/* SPDX-License-Identifier: MIT */
/*
 * running: a process is held by a pidfd before it is looked at again and signalled, so that its
 * PID cannot be given to another one in between.
 */
#include "server/running.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/config.h"
#include "server/lock_file.h"
#include "server/registration.h"

enum { KILL_PATIENCE_MS = 5000 };

const char *
running_host(const struct config *c)
{
    return c->embedded ? "localhost" : c->host;
}

bool
running_find(const struct running_place *place, pid_t *pid)
{
    pid_t holder = 0;
    bool held = place->lock_path && lock_file_holder(place->lock_path, &holder);

    *pid = holder;
    if (held && holder)
        return true;
    return registration_find(place->host, place->port, pid) || held;
}

/* The C library has these calls only since 2.36. */
static int
pidfd_of(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int
signal_by(int pidfd, int number)
{
    return (int)syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0);
}

static bool
is_gone_within(int pidfd, uint64_t patience_ms)
{
    struct pollfd p = { .fd = pidfd, .events = POLLIN };
    int result;

    do {
        result = poll(&p, 1, patience_ms > INT_MAX ? INT_MAX : (int)patience_ms);
    } while (result < 0 && errno == EINTR);
    return result > 0;
}

static enum running_end
end_process(int pidfd, uint64_t patience_ms)
{
    if (signal_by(pidfd, SIGTERM) != 0)
        return errno == ESRCH ? RUNNING_GONE : RUNNING_DENIED;
    if (is_gone_within(pidfd, patience_ms))
        return RUNNING_GONE;
    signal_by(pidfd, SIGKILL);
    return is_gone_within(pidfd, KILL_PATIENCE_MS) ? RUNNING_KILLED : RUNNING_STUCK;
}

enum running_end
running_stop(const struct running_place *place, pid_t pid, uint64_t patience_ms)
{
    int pidfd = pid ? pidfd_of(pid) : -1;
    enum running_end end = RUNNING_GONE;
    pid_t again = 0;

    if (pidfd < 0)
        return pid && errno == ESRCH ? RUNNING_GONE : RUNNING_DENIED;
    if (running_find(place, &again) && again == pid)
        end = end_process(pidfd, patience_ms);
    close(pidfd);
    return end;
}
