/* SPDX-License-Identifier: MIT */
/*
 * heartbeat: when a silent session is dead, and when the server has to ask (Engine.IO 4).
 *
 * In 3 the client beats: any packet proves life for interval + timeout.  In 4 the server sends a
 * ping an interval after the last pong and waits a timeout for the next.  One wheel timer.
 *
 * It also says that no request followed the handshake.  Clients send their next one as soon as they
 * have its answer, so a few seconds are enough even over a slow mobile network.
 */
#ifndef ENGINE_HEARTBEAT_H
#define ENGINE_HEARTBEAT_H

#include <stdint.h>

#include "net/timer.h"
#include "wire/eio_packet.h"

struct engine;

/*
 *   EXPECTING --request--> QUIET --interval--> ASKED --other packet--> EXTENDED
 *                            ^                   |                        |
 *                            `-------pong--------'-----------pong---------'
 *
 * In 3 only EXPECTING and QUIET, which any packet begins again.  A timer that fires elsewhere than
 * in QUIET of 4 ends the session.
 */
enum heartbeat_phase {
    HEARTBEAT_QUIET,
    HEARTBEAT_EXPECTING, /* nothing came since the handshake */
    HEARTBEAT_ASKED,     /* a ping is out */
    HEARTBEAT_EXTENDED,  /* its time-out was lengthened, once */
};

struct heartbeat {
    struct timer timer;
    uint8_t version;
    uint8_t phase; /* enum heartbeat_phase */
};

enum heartbeat_verdict { HEARTBEAT_ASK, HEARTBEAT_DEAD, HEARTBEAT_ABSENT };

void heartbeat_init(struct heartbeat *h, enum eio_version v, void (*on_due)(void *), void *owner);
void heartbeat_start(struct heartbeat *h, struct engine *e);
/* Instead of it, where nothing shows yet that the client got the handshake's answer ... */
void heartbeat_expect(struct heartbeat *h, struct engine *e);
/* ... and on each request, of which the first starts the heartbeat. */
void heartbeat_came(struct heartbeat *h, struct engine *e);
/* A packet arrived. */
void heartbeat_saw(struct heartbeat *h, struct engine *e, enum eio_type type);
/* The timer fired: send a ping, or give up. */
enum heartbeat_verdict heartbeat_due(struct heartbeat *h, struct engine *e);

#endif
