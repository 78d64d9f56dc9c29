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
#include "timer_priv.h"

enum {
    LOOP_RECEIVED_SIZE = 65536,
    LOOP_PLAIN_SIZE = 16384, /* one TLS record's payload at most */
    LOOP_CIPHER_SIZE = 65536,
};

struct loop_drop {
    void *object;
    void (*drop)(void *object);
};

struct loop {
    uv_loop_t uv;
    uv_prepare_t before_wait;
    uv_check_t after_wait;
    struct timer_wheel wheel;
    struct list tasks;
    struct list dirty;                /* streams to flush */
    void (*flush)(struct list *node); /* set by stream.c, so that loop.c does not know it */
    struct loop_drop *drops;
    size_t drop_count, drop_capacity;
    atomic_size_t streams; /* written by the loop's thread alone */
    char *received;        /* bytes as they came from a socket */
    char *plain;           /* TLS: one record, decrypted or to be encrypted */
    char *cipher;          /* TLS: records to be written */
};

#endif
