/* SPDX-License-Identifier: MIT */
/*
 * heartbeat: when a silent session is dead, and when the server has to ask (Engine.IO 4).
 */
#include "heartbeat.h"

#include "base/ensure.h"
#include "engine_priv.h"

/* For the request after the handshake: some round trips of a mobile network, lost packets too. */
enum { EXPECT_MS = 10000 };

void
heartbeat_init(struct heartbeat *h, enum eio_version v, void (*on_due)(void *), void *owner)
{
    timer_init(&h->timer, on_due, owner);
    h->version = (uint8_t)v;
    h->phase = HEARTBEAT_QUIET;
}

void
heartbeat_start(struct heartbeat *h, struct engine *e)
{
    const struct engine_limits *limits = e->limits;
    uint64_t more_ms = h->version == EIO_3 ? limits->ping_timeout_ms : 0;

    h->phase = HEARTBEAT_QUIET;
    timer_start(e->loop, &h->timer, limits->ping_interval_ms + more_ms);
}

/* Never longer than a session lives that is silent later. */
void
heartbeat_expect(struct heartbeat *h, struct engine *e)
{
    uint64_t silence_ms = e->limits->ping_interval_ms + e->limits->ping_timeout_ms;

    ENSURE(!timer_active(&h->timer));
    h->phase = HEARTBEAT_EXPECTING;
    timer_start(e->loop, &h->timer, silence_ms < EXPECT_MS ? silence_ms : EXPECT_MS);
}

void
heartbeat_came(struct heartbeat *h, struct engine *e)
{
    if (h->phase == HEARTBEAT_EXPECTING)
        heartbeat_start(h, e);
}

void
heartbeat_saw(struct heartbeat *h, struct engine *e, enum eio_type type)
{
    if (h->version == EIO_3 || type == EIO_PONG) {
        heartbeat_start(h, e);
    } else if (h->phase == HEARTBEAT_ASKED) {
        h->phase = HEARTBEAT_EXTENDED;
        timer_start(e->loop, &h->timer, e->limits->ping_timeout_ms);
    }
}

enum heartbeat_verdict
heartbeat_due(struct heartbeat *h, struct engine *e)
{
    if (h->phase == HEARTBEAT_EXPECTING)
        return HEARTBEAT_ABSENT;
    ENSURE(h->version == EIO_4 || h->phase == HEARTBEAT_QUIET);
    if (h->version == EIO_3 || h->phase != HEARTBEAT_QUIET)
        return HEARTBEAT_DEAD;
    h->phase = HEARTBEAT_ASKED;
    timer_start(e->loop, &h->timer, e->limits->ping_timeout_ms);
    return HEARTBEAT_ASK;
}
