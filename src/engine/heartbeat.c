/* SPDX-License-Identifier: MIT */
/*
 * heartbeat: when a silent session is dead, and when the server has to ask (Engine.IO 4).
 */
#include "heartbeat.h"

#include "engine_priv.h"

/* For the request after the handshake: some round trips of a mobile network, lost packets too. */
enum { EXPECT_MS = 10000 };

static void
wait_for(struct heartbeat *h, struct engine *e, uint64_t delay_ms)
{
    timer_start(e->loop, &h->timer, delay_ms);
}

void
heartbeat_init(struct heartbeat *h, enum eio_version v, void (*on_due)(void *), void *owner)
{
    timer_init(&h->timer, on_due, owner);
    h->version = (uint8_t)v;
    h->expecting = false;
    h->waiting = false;
    h->extended = false;
}

void
heartbeat_start(struct heartbeat *h, struct engine *e)
{
    const struct engine_limits *limits = e->limits;
    h->expecting = false;
    h->waiting = false;
    wait_for(h, e, limits->ping_interval_ms + (h->version == EIO_3 ? limits->ping_timeout_ms : 0));
}

/* Never longer than a session lives that is silent later. */
void
heartbeat_expect(struct heartbeat *h, struct engine *e)
{
    uint64_t silence_ms = e->limits->ping_interval_ms + e->limits->ping_timeout_ms;

    h->expecting = true;
    wait_for(h, e, silence_ms < EXPECT_MS ? silence_ms : EXPECT_MS);
}

void
heartbeat_came(struct heartbeat *h, struct engine *e)
{
    if (h->expecting)
        heartbeat_start(h, e);
}

void
heartbeat_stop(struct heartbeat *h)
{
    timer_stop(&h->timer);
}

void
heartbeat_saw(struct heartbeat *h, struct engine *e, enum eio_type type)
{
    if (h->version == EIO_3 || type == EIO_PONG) {
        heartbeat_start(h, e);
        return;
    }
    if (!h->waiting || h->extended)
        return;
    h->extended = true;
    wait_for(h, e, e->limits->ping_timeout_ms);
}

enum heartbeat_verdict
heartbeat_due(struct heartbeat *h, struct engine *e)
{
    if (h->expecting)
        return HEARTBEAT_ABSENT;
    if (h->version == EIO_3 || h->waiting)
        return HEARTBEAT_DEAD;
    h->waiting = true;
    h->extended = false;
    wait_for(h, e, e->limits->ping_timeout_ms);
    return HEARTBEAT_ASK;
}

void
heartbeat_excuse(struct heartbeat *h, struct engine *e)
{
    wait_for(h, e, e->limits->ping_timeout_ms);
}
