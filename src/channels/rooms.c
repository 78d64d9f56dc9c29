/* SPDX-License-Identifier: MIT */
/*
 * rooms: a map of channels, each with its members' sessions in one dense array.  The places that
 * own the memberships lie in a second array beside it, so that the fan-out reads sessions alone.
 */
#include "channels/rooms.h"

#include <stdlib.h>

#include "base/budget.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/map.h"
#include "base/mem.h"
#include "engine/eio_session.h"
#include "hub/hub_link.h"

enum { CAPACITY_MIN = 4, HUB_ENTRY_BYTES = 160 };

/* In rooms->by_name exactly while it has members; each place knows its index here. */
struct room {
    struct rooms *rooms;
    struct bytes *name;
    struct eio_session **sessions;
    struct room_place **places; /* places[i] is of sessions[i] */
    uint32_t count, capacity;
};

struct rooms {
    struct hub_link *hub;
    struct budget *budget;
    struct map by_name; /* struct room, owned */
};

struct rooms *
rooms_new(struct hub_link *hub, struct budget *budget)
{
    struct rooms *r = mem_zalloc(sizeof(*r));

    r->budget = budget;
    r->hub = hub;
    return r;
}

void
rooms_free(struct rooms *r)
{
    if (!r)
        return;
    ENSURE(r->by_name.count == 0);
    map_fini(&r->by_name);
    free(r);
}

/* With the hub's entry; but its name may be freed by the hub, and so is not counted by itself. */
static size_t
room_bytes(const struct room *room)
{
    size_t member = sizeof(*room->sessions) + sizeof(*room->places);

    return sizeof(*room) + HUB_ENTRY_BYTES + room->name->len + room->capacity * member;
}

static void
room_set_capacity(struct room *room, uint32_t capacity)
{
    size_t before = room_bytes(room);

    ENSURE(capacity >= CAPACITY_MIN && capacity > room->count);
    room->capacity = capacity;
    budget_change(room->rooms->budget, before, room_bytes(room));
    room->sessions = mem_resize(room->sessions, capacity, sizeof(struct eio_session *));
    room->places = mem_resize(room->places, capacity, sizeof(struct room_place *));
}

static struct room *
room_new(struct rooms *r, struct str name)
{
    struct room *room = mem_zalloc(sizeof(*room));

    room->rooms = r;
    room->name = bytes_new(name.data, name.len);
    budget_take(r->budget, room_bytes(room));
    room_set_capacity(room, CAPACITY_MIN);
    map_put(&r->by_name, bytes_str(room->name), room);
    return room;
}

static void
room_free(struct room *room)
{
    ENSURE(room->count == 0);
    map_remove(&room->rooms->by_name, bytes_str(room->name));
    budget_give(room->rooms->budget, room_bytes(room));
    bytes_unref(room->name);
    free(room->sessions);
    free(room->places);
    free(room);
}

void
rooms_join(struct rooms *r, struct str channel, struct eio_session *s, struct room_place *place)
{
    struct room *room = map_get(&r->by_name, channel);

    ENSURE(!place->room);
    if (!room)
        room = room_new(r, channel);
    if (room->count == room->capacity)
        room_set_capacity(room, room->capacity * 2);
    place->room = room;
    place->index = room->count++;
    room->sessions[place->index] = s;
    room->places[place->index] = place;
    hub_link_join(r->hub, room->name);
}

void
rooms_leave(struct rooms *r, struct room_place *place)
{
    struct room *room = place->room;
    uint32_t last, index = place->index;

    if (!room)
        return;
    ENSURE(room->rooms == r && index < room->count && room->places[index] == place);
    last = --room->count; /* the last member takes the place that became free */
    room->sessions[index] = room->sessions[last];
    room->places[index] = room->places[last];
    room->places[index]->index = index;
    if (room->capacity > CAPACITY_MIN && room->count < room->capacity / 4)
        room_set_capacity(room, room->capacity / 2);
    place->room = NULL;
    hub_link_leave(r->hub, room->name);
    if (room->count == 0)
        room_free(room);
}

size_t
rooms_broadcast(
    struct rooms *r, struct str channel, struct bytes *text, const struct eio_session *except)
{
    const struct room *room = map_get(&r->by_name, channel);

    return room ? eio_session_broadcast(room->sessions, room->count, text, except) : 0;
}
