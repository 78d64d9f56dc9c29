/* SPDX-License-Identifier: MIT */
/*
 * subscription: one client's way into one channel: the rules of names and limits, the application's
 * word, and the place in the room.
 */
#ifndef CHANNELS_SUBSCRIPTION_H
#define CHANNELS_SUBSCRIPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct subscriber;

/* `subscribe`.  headers: raw JSON of auth.headers, len 0 when there is none; a public channel needs
 * none.  A second one joins the first. */
void subscription_open(struct subscriber *c, struct str channel, struct str headers, int64_t ack);
/* `unsubscribe`; a channel that is not subscribed is fine. */
void subscription_close(struct subscriber *c, struct str channel, int64_t ack);
/* The client is gone. */
void subscription_close_all(struct subscriber *c);

/* Whether the client is in the channel now. */
bool subscription_is_joined(const struct subscriber *c, struct str channel);

#endif
