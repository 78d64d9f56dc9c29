/* SPDX-License-Identifier: MIT */
/*
 * presence_priv: what the files of presence share: rooms, seats, and askers that wait for a list.
 */
#ifndef PRESENCE_PRESENCE_PRIV_H
#define PRESENCE_PRESENCE_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/map.h"
#include "net/loop.h"
#include "net/timer.h"
#include "presence/presence.h"
#include "presence/presence_store.h"
#include "presence/replica.h"

/* How long the store's word is awaited; then this node goes by what it knows. */
enum { PRESENCE_PATIENCE_MS = 1000 };

/* Invariant: seats holds every seat of every room; answers, an asker whose room is LOADED or goes
 * by what this node knows. */
struct presence {
    struct loop *loop;
    struct buffer conn_prefix; /* "<node>/" */
    uint64_t last_conn;
    uint64_t grace_ms;
    struct presence_store *store;
    const struct presence_handlers *handlers;
    void *owner;
    struct map rooms;    /* name -> struct presence_room, owned */
    struct map seats;    /* conn -> struct presence_seat, owned by its room */
    struct list idle;    /* rooms that were not needed a moment ago */
    struct list answers; /* askers whose turn has come */
    struct loop_task sweep;
    bool retired;
    bool alone; /* it was said that changes are made without the store's word */
};

/* What the room's replica is worth; never less than before. */
enum presence_room_view {
    PRESENCE_ROOM_UNKNOWN,
    PRESENCE_ROOM_TOLD,  /* a client knows our view already: differences are events */
    PRESENCE_ROOM_LOADED /* the store has said the whole truth */
};

/*
 * Owned by presence; lives while it has a listener, a member or an asker.  Invariants: its track is
 * watched all the time; asking counts the askers that are on the heap, in askers or in
 * presence.answers; none is in askers once the view is LOADED.
 */
struct presence_room {
    struct list idle;
    struct presence *presence;
    struct bytes *name;
    struct replica *replica;
    struct presence_track *track;
    struct map by_id; /* public id -> struct presence_seat of a connected socket */
    struct list seats;
    struct list askers; /* until the replica is loaded */
    size_t asking;
    bool listening;
    enum presence_room_view view;
};

/* Waits for the list of a room: a new member (seat), a member again, or a caller of
 * presence_read(). */
struct presence_asker {
    struct list node; /* in room.askers or presence.answers */
    struct presence_room *room;
    struct presence_seat *seat; /* which embeds this; NULL: on the heap */
    unsigned worker;
    uint32_t token;
    void (*on_read)(void *owner, struct replica *r);
    void *owner;
    struct timer limit;
};

/*
 * ENTERING --in the replica--> IN --gone, with leaveGrace--> GRACE
 *    |                          |                              |
 *    `--------------------------`-----------> LEAVING <--------'   freed with its entry
 *
 * In ENTERING and LEAVING the store's word is awaited, for PRESENCE_PATIENCE_MS at most.
 */
enum presence_seat_state {
    PRESENCE_SEAT_ENTERING,
    PRESENCE_SEAT_IN,
    PRESENCE_SEAT_GRACE,
    PRESENCE_SEAT_LEAVING
};

/* The seat's socket, from which it goes on by itself once that is gone. */
enum presence_seat_socket {
    PRESENCE_SOCKET_WAITING,   /* for the list */
    PRESENCE_SOCKET_LISTENING, /* on_listening was called for it */
    PRESENCE_SOCKET_GONE
};

/*
 * One connection of this node in one room; owned by the room.  Invariants: room.by_id has it until
 * its socket is GONE; its asker is in presence.answers only when it is IN and its socket WAITING.
 */
struct presence_seat {
    struct list node;
    struct presence_room *room;
    enum presence_seat_state state;
    enum presence_seat_socket socket;
    struct timer timer;
    bool sent;   /* it was said to the store, which has not lost it */
    bool listed; /* in the truth being put in place */
    struct presence_asker asker;
    struct bytes *id, *user, *data;
    struct str conn; /* of text */
    char text[];
};

/* The only place that writes s->socket. */
static inline void
presence_seat_enter_socket(struct presence_seat *s, enum presence_seat_socket next)
{
    ENSURE(next > s->socket);
    ENSURE(next != PRESENCE_SOCKET_LISTENING || s->state == PRESENCE_SEAT_IN);
    s->socket = next;
}

/* ---- rooms ---- */

struct presence_room *presence_room_get(struct presence *p, struct str name);
/* One user less: it goes at the end of the turn when there is none left. */
void presence_room_release(struct presence_room *r);
/* The task of presence.sweep. */
void presence_room_sweep(void *presence);
void presence_room_free(struct presence_room *r);
/* The replica is worth at least that. */
void presence_room_enter(struct presence_room *r, enum presence_room_view view);
/* Changes are made without the store's word; said once. */
void presence_room_alone(struct presence_room *r);

/* The list for worker and token of question, or on_read, once the replica is as good as it gets:
 * perhaps before this returns. */
void presence_room_ask(struct presence_room *r, const struct presence_asker *question);
/* The asker's turn has come. */
void presence_room_answer(struct presence_asker *a);
/* Give those whose turn has come what they asked for, as far as the workers keep up. */
void presence_room_give(struct presence *p);
/* Never answer it. */
void presence_room_forget(struct presence_asker *a);

/* ---- seats ---- */

struct presence_seat *presence_seat_new(struct presence_room *r, const struct presence_member *m);
void presence_seat_free(struct presence_seat *s);
/* Whether its entry belongs in the truth. */
bool presence_seat_wanted(const struct presence_seat *s);
/* Tell the store, or go on alone. */
void presence_seat_begin(struct presence_seat *s);
/* Tell the store (again) that it is here. */
void presence_seat_say(struct presence_seat *s);
/* Its entry is in the replica. */
void presence_seat_arrived(struct presence_seat *s);
/* Its socket is gone, and neither listens nor waits. */
void presence_seat_detach(struct presence_seat *s);
/* Leave once leaveGrace is over. */
void presence_seat_linger(struct presence_seat *s);
/* Take its entry out; s may be gone when this returns. */
void presence_seat_leave(struct presence_seat *s);
/* Go by what this node knows; s may be gone when this returns. */
void presence_seat_settle(struct presence_seat *s);

/* ---- the store without Redis ---- */

/* Members are the live sockets of this process and nothing else: what is said is the truth. */
struct presence_store *presence_memory_new(void);

#endif
