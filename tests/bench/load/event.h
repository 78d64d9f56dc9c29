/* SPDX-License-Identifier: MIT */
/*
 * event: the data of an event, as it is published and as a client reads it.
 *
 * It begins with when and which, both of constant length, so that every event of a load has
 * the same size: {"t":MICROSECONDS,"n":NUMBER,"p":"padding"}.
 */
#ifndef LOAD_EVENT_H
#define LOAD_EVENT_H

#include "crowd.h"

/* JSON escaped, as it travels. */
#define EVENT_NAME "App\\\\Events\\\\Bench"

/* Writes data of size bytes, which is at least EVENT_LEAST; no terminator. */
enum event_size { EVENT_LEAST = 45 };
void event_write(char *out, size_t size, uint64_t now_us, uint32_t number);
/* Counts the event in text, a Socket.IO packet of c's; false when it is none of a load. */
bool event_take(struct crowd *crowd, struct client *c, const char *text, size_t len);

#endif
