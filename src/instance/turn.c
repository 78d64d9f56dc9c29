/* SPDX-License-Identifier: MIT */
/*
 * turn: looks, rests, looks again.
 */
#include "instance/turn.h"

#include <signal.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "instance/stop_marks.h"
#include "instance/targets.h"

/* A server that was killed is out of sight a little before the kernel gives its port away. */
enum { REST_MS = 20, BLIND_MS = 2000 };

static sigset_t
held_back(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    return set;
}

static uint64_t
limit_of(const struct turn *t)
{
    return t->config->shutdown_timeout_ms + RUNNING_PATIENCE_MS;
}

void
turn_init(struct turn *t, const struct config *c, const struct running_place *place, bool may_end)
{
    sigset_t set = held_back();

    *t = (struct turn){ .config = c, .place = *place, .may_end = may_end };
    t->self = process_own_birth();
    t->deadline_ms = clock_ms() + limit_of(t);
    signal(SIGHUP, SIG_IGN);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

bool
turn_is_forbidden(const struct turn *t)
{
    if (!stop_marks_forbid(t->place.host, t->place.port, &t->self))
        return false;
    log_notice("not started: a newer stop command cancelled this start");
    return true;
}

static bool
holder_is_younger(const struct turn *t, const struct running *holder)
{
    struct process_birth birth;

    if (!holder->pid || !process_read_birth(holder->pid, &birth) ||
        !process_is_younger(&birth, &t->self))
        return false;
    log_notice("not started: a newer %s is already running, process %d", running_kind(holder),
        (int)holder->pid);
    return true;
}

enum turn_word
turn_wait(struct turn *t, struct running *holder)
{
    const struct timespec rest = { .tv_nsec = REST_MS * 1000000L };
    const sigset_t set = held_back();

    while (!t->has_looked || sigtimedwait(&set, NULL, &rest) < 0) {
        t->has_looked = true; /* from the second look on, there is a rest before it */
        /* A mark of its own is taken, whatever comes of this start. */
        if (!t->has_mark && stop_marks_take(t->place.host, t->place.port, &t->self))
            t->has_mark = t->may_end = true;
        if (turn_is_forbidden(t))
            return TURN_YIELDED;
        if (!running_find(&t->place, holder))
            return TURN_FREE;
        if (holder_is_younger(t, holder))
            return TURN_YIELDED;
        if (!t->has_said)
            log_notice("waiting for the running %s to end, process %d", running_kind(holder),
                (int)holder->pid);
        t->has_said = true;
        /* Once it is denied, there is nothing to do but wait. */
        if (t->may_end && holder->pid)
            t->may_end = running_report(
                running_stop(&t->place, holder->pid, limit_of(t)), holder, "this place");
        else if (clock_ms() >= t->deadline_ms)
            return TURN_REFUSED;
    }
    return TURN_SIGNALLED;
}

bool
turn_is_a_strangers(struct turn *t)
{
    struct running holder;

    if (running_find(&t->place, &holder)) {
        t->blind_since_ms = 0;
        return false;
    }
    if (!t->blind_since_ms)
        t->blind_since_ms = clock_ms();
    return clock_ms() - t->blind_since_ms >= BLIND_MS;
}
