/* SPDX-License-Identifier: MIT */
/*
 * loop, for the files of net: the libuv loop, what the end of a turn has to do, and the buffers
 * that every stream of the loop borrows for the length of one call.
 */
#ifndef NET_LOOP_PRIV_H
#define NET_LOOP_PRIV_H

#include <stdatomic.h>
#include <uv.h>

#include "net/loop.h"
#include "net/timer.h"
#include "readiness_priv.h"
#include "timer_priv.h"

enum { LOOP_RECEIVED_SIZE = 65536 };

struct loop_drop {
    void *object;
    void (*drop)(void *object);
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t before_wait;
    uv_check_t after_wait;
    struct timer_wheel wheel;
    struct readiness readiness; /* of the streams */
    atomic_size_t accepted;     /* by its listeners, and open; other loops count down as well */
    struct timer beat;
    uint64_t beat_ms;
    _Atomic uint64_t beats; /* only this loop counts */
    unsigned look_ups;      /* of names, in libuv's pool: they cannot be called back */
    struct list tasks;
    struct list soon; /* tasks that soon_timer waits for */
    uv_timer_t soon_timer;
    struct list dirty; /* streams to flush */
    /* Set by stream.c, so that loop.c does not know it; next is what comes after node. */
    void (*flush)(struct list *node, const struct list *next);
    struct loop_drop *drops;
    size_t drop_count, drop_capacity;
    char *received; /* bytes as they came from a socket */
    char *plain;    /* as owners see them; LOOP_PLAIN_SIZE */
    char *coded;    /* as they go over the wire; LOOP_CODED_SIZE */
};

/* Whether it is l's loop that runs on this thread now. */
bool loop_is_current(const struct loop *l);

#endif
