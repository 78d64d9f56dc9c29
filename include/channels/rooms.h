/* SPDX-License-Identifier: MIT */
/*
 * rooms: which sockets of this worker are in which channel, and the fan-out to them.
 *
 * A room holds what the fan-out needs directly: the members' sessions side by side.  A membership
 * is owned by the socket's side (subscription.c) and knows its place, so leaving is constant work.
 * The hub learns of every join and leave.  The worker's thread only.
 */
#ifndef CHANNELS_ROOMS_H
#define CHANNELS_ROOMS_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct budget;
struct bytes;
struct eio_session;
struct hub_link;
struct room;
struct rooms;

/* One session's place in one room; embed it.  room NULL: in none. */
struct room_place {
    struct room *room;
    uint32_t index;
};

/* budget counts the rooms. */
struct rooms *rooms_new(struct hub_link *hub, struct budget *budget);
void rooms_free(struct rooms *r);

/* place must be in no room. */
void rooms_join(
    struct rooms *r, struct str channel, struct eio_session *s, struct room_place *place);
/* Idempotent. */
void rooms_leave(struct rooms *r, struct room_place *place);

/* text ("42[...]") to all sessions of the channel but except (NULL: none).  Returns how many. */
size_t rooms_broadcast(
    struct rooms *r, struct str channel, struct bytes *text, const struct eio_session *except);

#endif
