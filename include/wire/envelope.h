/* SPDX-License-Identifier: MIT */
/*
 * envelope: what an application publishes: {"event": NAME, "data": ANY, "socket": ID|null} on a
 * Redis channel, and the body of POST /apps/:id/events.  Borrows from its input.  Pure.
 */
#ifndef WIRE_ENVELOPE_H
#define WIRE_ENVELOPE_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/str.h"

struct bytes;

struct envelope {
    struct str event;  /* raw JSON string */
    struct str data;   /* raw JSON value; len 0 when absent */
    struct str socket; /* raw JSON string; len 0 when absent, null or not a string */
};

/* False: not JSON, not an object, or event is missing or not a string. */
MUST_USE bool envelope_parse(struct str message, struct envelope *out);

/*
 * The Engine.IO text `42["event","channel",data]`, PHP's needless escapes undone.  Without data
 * the argument is null, as in the reference (undefined becomes null in JSON).
 */
struct bytes *envelope_encode(const struct envelope *e, struct str channel);

#endif
