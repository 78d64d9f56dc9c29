/* SPDX-License-Identifier: MIT */
/*
 * loop, for the files of net: the libuv loop, the sockets of its streams, its timers, what the end
 * of a turn has to do, and the buffers that every stream borrows for the length of one call.
 */
#ifndef NET_LOOP_PRIV_H
#define NET_LOOP_PRIV_H

#include <stdatomic.h>
#include <uv.h>

#include "base/budget.h"
#include "net/loop.h"
#include "net/timer.h"

enum { LOOP_RECEIVED_SIZE = 65536 };

enum { TIMER_SLOTS = 64, TIMER_LEVELS = 5 };

/* A timer that is due after tick `now` is in a slot whose bit is set; none is due before. */
struct timer_wheel {
    uv_timer_t wake;
    uint64_t now;   /* the last tick whose timers have fired */
    uint64_t armed; /* the tick that wake waits for, or TIMER_NEVER */
    /* A bit per slot that may hold timers; one that timer_stop() emptied keeps its bit until it
     * is looked at. */
    uint64_t occupied[TIMER_LEVELS];
    struct list slots[TIMER_LEVELS][TIMER_SLOTS];
};

struct loop_drop {
    void *object;
    void (*drop)(void *object);
};

/*
 * When libuv waits, tasks, dirty and drops are empty; libuv's loop is kept alive by poll if, and
 * only if, there are streams.
 */
struct loop {
    uv_loop_t uv;
    uv_prepare_t before_wait;
    uv_check_t after_wait;
    struct timer_wheel wheel;
    uv_poll_t poll; /* of epoll, the set of all streams' sockets */
    int epoll;
    size_t streams;
    /* Set by stream.c, so that loop.c does not know it.  A stream that on_ready gets may have been
     * closed in this very turn; next is what comes after node. */
    void (*on_ready)(void *stream, bool readable, bool writable);
    void (*flush)(struct list *node, const struct list *next);
    atomic_size_t accepted; /* by its listeners, and open; other loops count down as well */
    struct budget budget;
    struct loop_task *when_spent; /* NULL: nothing */
    struct timer beat;
    uint64_t beat_ms;
    _Atomic uint64_t beats; /* only this loop counts */
    unsigned look_ups;      /* of names, in libuv's pool: they cannot be cancelled */
    struct list tasks;
    struct list soon; /* tasks that soon_timer waits for */
    uv_timer_t soon_timer;
    struct list dirty; /* streams to flush */
    struct loop_drop *drops;
    size_t drop_count, drop_capacity;
    char *received; /* bytes as they came from a socket */
    char *plain;    /* as owners see them; LOOP_PLAIN_SIZE */
    char *coded;    /* as they go over the wire; LOOP_CODED_SIZE */
};

/* Whether it is l's loop that runs on this thread now. */
bool loop_is_current(const struct loop *l);

/* One more stream, which waits for nothing yet; and one less. */
void loop_join(struct loop *l);
void loop_leave(struct loop *l);

enum { LOOP_READ = 1, LOOP_WRITE = 2 };

/*
 * Wait for wanted instead of before, both a sum of LOOP_*; 0: for nothing, not even errors.  An
 * error of the socket counts as what is waited for: reading or writing shows which.  False:
 * the kernel refused.
 */
MUST_USE bool loop_watch(
    const struct loop *l, int fd, unsigned before, unsigned wanted, void *stream);

void timer_wheel_init(struct timer_wheel *w, uv_loop_t *uv);
/* Wake the loop when the next slot is due; called before each wait. */
void timer_wheel_arm(struct timer_wheel *w);

#endif
