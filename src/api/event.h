/* SPDX-License-Identifier: MIT */
/*
 * event: one event of the HTTP API: {"channel" or "channels", "name", "data", "socket_id"?}.  Pure.
 */
#ifndef API_EVENT_H
#define API_EVENT_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buffer.h"
#include "base/str.h"
#include "hub/hub_link.h"

/* All zero is an empty one; event_fini() in any case. */
struct event {
    struct buffer storage; /* the decoded texts */
    struct buffer data;    /* data that came as JSON text */
    struct str *channels;
    size_t channel_count;
    struct hub_event out; /* borrows from the above, and from what was read */
};

/* value: JSON that was validated.  NULL, or what is wrong with it. */
MUST_USE const char *event_read(struct event *e, struct str value);
void event_fini(struct event *e);

#endif
