/* SPDX-License-Identifier: MIT */
/*
 * whisper: client events: `client-*`, from a member of a private or presence channel to the others
 * in it.
 */
#ifndef CHANNELS_WHISPER_H
#define CHANNELS_WHISPER_H

#include <stdint.h>

#include "base/str.h"

struct client;

/* event: raw JSON string; data: raw JSON, len 0 when there is none. */
struct whisper {
    struct str channel, event, data;
    int64_t ack;
};

/* Through the hub, so that a sender's order holds on every worker; or refused with whisper_error
 * (channel, reason). */
void whisper_send(struct client *c, const struct whisper *w);

#endif
