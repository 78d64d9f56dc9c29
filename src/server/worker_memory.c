/* SPDX-License-Identifier: MIT */
/*
 * worker_memory: a worker whose clients make it hold more than its share of memoryLimit.
 *
 *   enough --the limit is reached--> short --well below it--> enough
 *
 * While memory is short the layers refuse what would take more of it: they ask the budget of the
 * loop.  What was admitted before can still grow: past the limit by a tenth, those who hold most
 * are ended.  And if it stays short, so are those who hold much more than clients need: newcomers
 * are locked out because of them.
 */
#include "base/budget.h"
#include "base/log.h"
#include "engine/engine.h"
#include "net/loop.h"
#include "net/timer.h"
#include "snapshot.h"
#include "worker_priv.h"

enum {
    WATCH_MS = 1000,
    PATIENCE_MS = 3000,
    MUCH_BYTES = 65536,
    PERIOD_MS = 10000, /* between two lines of a kind */
};

/* Where memory is not short any more. */
static size_t
memory_target(const struct budget *b)
{
    return budget_limit(b) - budget_limit(b) / 8;
}

/* Those who hold least bytes or more go, the heaviest first, until memory is at its target. */
static void
memory_relieve(struct worker *w, size_t least)
{
    const struct budget *b = loop_budget(w->loop);
    size_t wanted = budget_used(b) - memory_target(b), sum = 0;
    unsigned times;

    while (sum < wanted) {
        size_t sessions = engine_heaviest(w->engine), clients = worker_clients_heaviest(w);
        size_t most = sessions > clients ? sessions : clients;
        size_t bound = most / 2 > least ? most / 2 : least;

        if (most < least)
            break;
        sum += engine_relieve(w->engine, bound, wanted - sum);
        if (sum < wanted)
            sum += worker_clients_relieve(w, bound, wanted - sum);
    }
    times = sum > 0 ? log_gate_pass(&w->memory_ends, loop_now_ms(w->loop), PERIOD_MS, 1) : 0;
    if (times > 0)
        log_warning("clients that held most of the memory were disconnected worker=%u bytes=%zu "
                    "times=%u",
            w->options.number, sum, times);
}

static void
memory_on_spent(void *owner)
{
    struct worker *w = owner;
    const struct budget *b = loop_budget(w->loop);
    size_t limit = budget_limit(b);
    unsigned times;

    if (!timer_active(&w->memory_watch)) {
        times = log_gate_pass(&w->memory_ran_out, loop_now_ms(w->loop), PERIOD_MS, 1);
        if (times > 0)
            log_warning("clients hold as much memory as they may: new ones, more channels and "
                        "large bodies are refused worker=%u limit=%zu times=%u",
                w->options.number, limit, times);
        w->memory_was_said = times > 0;
        w->memory_short_ms = loop_now_ms(w->loop);
        timer_start(w->loop, &w->memory_watch, WATCH_MS);
    }
    w->memory_spent_ms = loop_now_ms(w->loop);
    if (budget_used(b) > limit + limit / 10)
        memory_relieve(w, 1);
}

static void
memory_on_watch(void *owner)
{
    struct worker *w = owner;
    const struct budget *b = loop_budget(w->loop);
    uint64_t now_ms = loop_now_ms(w->loop);

    if (budget_limit(b) == 0 || budget_used(b) <= memory_target(b)) {
        if (w->memory_was_said)
            log_notice("clients hold less memory than they may again worker=%u used=%zu limit=%zu",
                w->options.number, budget_used(b), budget_limit(b));
        return;
    }
    if (!budget_is_spent(b) && now_ms - w->memory_spent_ms >= WATCH_MS)
        w->memory_short_ms = now_ms; /* nobody was refused since the last time */
    else if (now_ms - w->memory_short_ms >= PATIENCE_MS)
        memory_relieve(w, MUCH_BYTES);
    timer_start(w->loop, &w->memory_watch, WATCH_MS);
}

void
worker_memory_open(struct worker *w)
{
    loop_task_init(&w->memory_due, memory_on_spent, w);
    timer_init(&w->memory_watch, memory_on_watch, w);
    loop_when_spent(w->loop, &w->memory_due);
}

void
worker_memory_set_limit(struct worker *w)
{
    const struct snapshot *l = w->options.limits;
    size_t share = snapshot_share(l->memory_limit, l->workers, w->options.number);

    budget_set_limit(loop_budget(w->loop), l->memory_limit > 0 ? share : 0);
}

void
worker_memory_close(struct worker *w)
{
    loop_when_spent(w->loop, NULL);
    loop_task_cancel(&w->memory_due);
    timer_stop(&w->memory_watch);
}
