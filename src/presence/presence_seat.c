/* SPDX-License-Identifier: MIT */
/*
 * presence_seat: one connection of this node in one presence channel, from its entering until its
 * entry is gone.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "presence_priv.h"

/* The only place that writes s->state. */
static void
seat_enter(struct presence_seat *s, enum presence_seat_state next)
{
    static const unsigned may_follow[] = {
        [PRESENCE_SEAT_ENTERING] =
            BIT(PRESENCE_SEAT_IN) | BIT(PRESENCE_SEAT_GRACE) | BIT(PRESENCE_SEAT_LEAVING),
        [PRESENCE_SEAT_IN] = BIT(PRESENCE_SEAT_GRACE) | BIT(PRESENCE_SEAT_LEAVING),
        [PRESENCE_SEAT_GRACE] = BIT(PRESENCE_SEAT_LEAVING),
        [PRESENCE_SEAT_LEAVING] = 0,
    };

    ENSURE(may_follow[s->state] & BIT(next));
    ENSURE(next == PRESENCE_SEAT_IN || s->socket == PRESENCE_SOCKET_GONE);
    timer_stop(&s->timer);
    s->state = next;
}

static void
seat_on_timer(void *owner)
{
    struct presence_seat *s = owner;

    if (s->state == PRESENCE_SEAT_GRACE) {
        presence_seat_leave(s);
        return;
    }
    ENSURE(s->state != PRESENCE_SEAT_IN);
    presence_room_alone(s->room);
    presence_seat_settle(s);
}

struct presence_seat *
presence_seat_new(struct presence_room *r, const struct presence_member *m)
{
    struct presence *p = r->presence;
    struct buffer conn = { 0 };
    struct presence_seat *s, *before;

    buffer_append_str(&conn, buffer_str(&p->conn_prefix));
    buffer_append_u64(&conn, ++p->last_conn);
    s = mem_zalloc(sizeof(*s) + conn.len);
    memcpy(s->text, conn.data, conn.len);
    s->conn = str_slice(s->text, conn.len);
    buffer_fini(&conn);
    s->room = r;
    s->id = bytes_new(m->id.data, m->id.len);
    s->user = bytes_new(m->user.data, m->user.len);
    s->data = bytes_new(m->data.data, m->data.len);
    s->asker.room = r;
    s->asker.seat = s;
    list_init(&s->asker.node);
    timer_init(&s->timer, seat_on_timer, s);
    list_append(&r->seats, &s->node);
    map_put(&p->seats, s->conn, s);
    before = map_put(&r->by_id, bytes_str(s->id), s);
    ENSURE(!before);
    return s;
}

void
presence_seat_free(struct presence_seat *s)
{
    struct presence_room *r = s->room;

    ENSURE(s->state == PRESENCE_SEAT_LEAVING || r->presence->retired);
    presence_seat_detach(s);
    timer_stop(&s->timer);
    list_remove(&s->node);
    map_remove(&r->presence->seats, s->conn);
    bytes_unref(s->id);
    bytes_unref(s->user);
    bytes_unref(s->data);
    free(s);
    presence_room_release(r);
}

bool
presence_seat_wanted(const struct presence_seat *s)
{
    return s->state != PRESENCE_SEAT_LEAVING;
}

static struct replica_item
seat_item(const struct presence_seat *s)
{
    return (struct replica_item){
        .conn = s->conn,
        .user = bytes_str(s->user),
        .member = bytes_str(s->data),
        .text = s->data,
    };
}

void
presence_seat_say(struct presence_seat *s)
{
    struct presence_store *store = s->room->presence->store;
    const struct replica_item item = seat_item(s);

    ENSURE(s->state != PRESENCE_SEAT_LEAVING);
    s->sent = store->ops->enter(store, s->room->track, &item);
}

void
presence_seat_begin(struct presence_seat *s)
{
    struct presence *p = s->room->presence;

    ENSURE(s->state == PRESENCE_SEAT_ENTERING);
    if (p->store->ops->reach(p->store) == PRESENCE_AWAY) {
        presence_room_alone(s->room);
        presence_seat_settle(s);
        return;
    }
    timer_start(p->loop, &s->timer, PRESENCE_PATIENCE_MS);
    presence_seat_say(s);
}

void
presence_seat_arrived(struct presence_seat *s)
{
    if (s->state != PRESENCE_SEAT_ENTERING)
        return;
    seat_enter(s, PRESENCE_SEAT_IN);
    if (s->socket == PRESENCE_SOCKET_WAITING)
        presence_room_answer(&s->asker);
}

void
presence_seat_detach(struct presence_seat *s)
{
    struct presence_room *r = s->room;
    struct presence *p = r->presence;
    bool listening = s->socket == PRESENCE_SOCKET_LISTENING;
    struct presence_seat *removed;

    if (s->socket == PRESENCE_SOCKET_GONE)
        return;
    removed = map_remove(&r->by_id, bytes_str(s->id));
    ENSURE(removed == s);
    presence_seat_enter_socket(s, PRESENCE_SOCKET_GONE);
    list_remove(&s->asker.node);
    if (listening)
        p->handlers->on_listening(p->owner, r->name, s->asker.worker, false);
}

void
presence_seat_linger(struct presence_seat *s)
{
    seat_enter(s, PRESENCE_SEAT_GRACE);
    timer_start(s->room->presence->loop, &s->timer, s->room->presence->grace_ms);
}

void
presence_seat_leave(struct presence_seat *s)
{
    struct presence *p = s->room->presence;

    seat_enter(s, PRESENCE_SEAT_LEAVING);
    if (p->store->ops->reach(p->store) == PRESENCE_AWAY) {
        presence_seat_settle(s);
        return;
    }
    timer_start(p->loop, &s->timer, PRESENCE_PATIENCE_MS);
    (void)p->store->ops->leave(p->store, s->room->track, s->conn); /* said again, if lost */
}

void
presence_seat_settle(struct presence_seat *s)
{
    const struct replica_item item = seat_item(s);

    if (s->state == PRESENCE_SEAT_ENTERING) {
        presence_room_enter(s->room, PRESENCE_ROOM_TOLD);
        replica_enter(s->room->replica, &item);
        presence_seat_arrived(s);
    } else if (s->state == PRESENCE_SEAT_LEAVING) {
        replica_leave(s->room->replica, s->conn);
        presence_seat_free(s);
    }
}
