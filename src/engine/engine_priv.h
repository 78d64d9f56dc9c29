/* SPDX-License-Identifier: MIT */
/*
 * engine, as the modules of this layer see it: one a worker.
 */
#ifndef ENGINE_ENGINE_PRIV_H
#define ENGINE_ENGINE_PRIV_H

#include "base/budget.h"
#include "base/buffer.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/texts.h"
#include "engine/engine.h"
#include "net/loop.h"
#include "net/shares.h"
#include "ws_reader.h"

struct eio_message;

enum { ENGINE_SMALL_BODY = 16384 };

struct engine {
    struct loop *loop;
    unsigned worker;
    bool stopping;
    bool crowded;             /* logged that too many sessions are adrift */
    struct log_gate refusals; /* of origins */
    struct budget *budget;    /* of the loop */
    const struct engine_limits *limits;
    struct shares *shares; /* NULL: sessions count nowhere */
    const struct engine_handlers *handlers;
    void *owner;
    void (*on_foreign)(void *owner, struct http_exchange *x, unsigned worker);
    void *foreign_owner;

    struct map sessions;       /* by sid: open ones, and those that still owe a goodbye */
    size_t count;              /* allocated */
    struct texts texts;        /* what sessions keep of their handshakes */
    struct loop_task *emptied; /* when count is zero; NULL until the engine is shut down */
    struct list dirty;         /* sessions with something to do at the end of this turn */
    struct list adrift; /* the longest first: sessions that no connection serves (adrift.h) */
    size_t adrift_count;
    struct loop_task turn;

    struct ws_reader_pool readers;
    /* Packets that every session sends. */
    struct eio_message *ping, *pong, *close, *noop, *probe;
    /* Working memory for one function at a time: heads and bodies of answers, decoded packets. */
    struct buffer head, body, script, packed, scratch;
};

/* Whether clients of this share may send a packet with so much in it now (limits.bytes). */
static inline bool
engine_admits(const struct engine *e, struct share *from, size_t bytes)
{
    enum { PACKET_BYTES = 8 }; /* at least, with its frame and its kind */
    struct allowance_rate rate = e->limits->address_kilobytes;

    return rate.per_s == 0 ||
           shares_pass_bytes(from, PACKET_BYTES + bytes, rate, loop_now_ms(e->loop)) ||
           !shares_refuse(from, "bytes");
}

/* What a body may have; if memory is short, what clients need. */
static inline size_t
engine_body_limit(const struct engine *e)
{
    size_t limit = e->limits->message_bytes;

    return budget_is_spent(e->budget) && limit > ENGINE_SMALL_BODY ? ENGINE_SMALL_BODY : limit;
}

#endif
