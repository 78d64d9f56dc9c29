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
enter(struct presence_seat *s, enum presence_seat_state next)
{
    static const unsigned may_follow[] = {
        [PRESENCE_SEAT_ENTERING] =
            BIT(PRESENCE_SEAT_IN) | BIT(PRESENCE_SEAT_GRACE) | BIT(PRESENCE_SEAT_LEAVING),
        [PRESENCE_SEAT_IN] = BIT(PRESENCE_SEAT_GRACE) | BIT(PRESENCE_SEAT_LEAVING),
        [PRESENCE_SEAT_GRACE] = BIT(PRESENCE_SEAT_LEAVING),
        [PRESENCE_SEAT_LEAVING] = 0,
    };

    ENSURE(may_follow[s->state] & BIT(next));
    timer_stop(&s->timer);
    s->state = next;
}

static struct str
conn_of(const struct presence_seat *s)
{
    return str_slice(s->conn, s->conn_len);
}

static void
on_timer(void *owner)
{
    struct presence_seat *s = owner;

    if (s->state == PRESENCE_SEAT_GRACE) {
        presence_seat_leave(s);
        return;
    }
    presence_room_alone(s->room);
    presence_seat_settle(s);
}

static struct str
make_conn(struct presence *p, struct buffer *out)
{
    buffer_append_str(out, buffer_str(&p->conn_prefix));
    buffer_append_u64(out, ++p->last_conn);
    return buffer_str(out);
}

struct presence_seat *
presence_seat_new(struct presence_room *r, const struct presence_member *m)
{
    struct buffer name = { 0 };
    struct str conn = make_conn(r->presence, &name);
    struct presence_seat *s = mem_zalloc(sizeof(*s) + conn.len);

    s->room = r;
    s->conn_len = conn.len;
    memcpy(s->conn, conn.data, conn.len);
    buffer_fini(&name);
    s->id = bytes_new(m->id.data, m->id.len);
    s->user = bytes_new(m->user.data, m->user.len);
    s->data = bytes_new(m->data.data, m->data.len);
    s->asker.room = r;
    s->asker.seat = s;
    list_init(&s->asker.node);
    timer_init(&s->timer, on_timer, s);
    list_append(&r->seats, &s->node);
    map_put(&r->presence->seats, conn_of(s), s);
    map_put(&r->by_id, bytes_str(s->id), s);
    return s;
}

void
presence_seat_free(struct presence_seat *s)
{
    struct presence_room *r = s->room;

    presence_seat_detach(s);
    timer_stop(&s->timer);
    list_remove(&s->node);
    map_remove(&r->presence->seats, conn_of(s));
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
item_of(const struct presence_seat *s)
{
    return (struct replica_item){
        .conn = conn_of(s),
        .user = bytes_str(s->user),
        .member = bytes_str(s->data),
    };
}

void
presence_seat_say(struct presence_seat *s)
{
    struct presence_store *store = s->room->presence->store;
    const struct replica_item item = item_of(s);

    s->sent = store->ops->enter(store, s->room->track, &item);
}

void
presence_seat_begin(struct presence_seat *s)
{
    struct presence *p = s->room->presence;

    if (p->store->ops->reach(p->store) == PRESENCE_AWAY) {
        presence_room_alone(s->room);
        presence_seat_settle(s);
        return;
    }
    timer_start(p->loop, &s->timer, p->patience_ms);
    presence_seat_say(s);
}

void
presence_seat_arrived(struct presence_seat *s)
{
    if (s->state != PRESENCE_SEAT_ENTERING)
        return;
    enter(s, PRESENCE_SEAT_IN);
    if (s->waiting)
        presence_room_answer(&s->asker);
}

void
presence_seat_detach(struct presence_seat *s)
{
    struct presence_room *r = s->room;
    struct presence *p = r->presence;

    if (map_get(&r->by_id, bytes_str(s->id)) == s)
        map_remove(&r->by_id, bytes_str(s->id));
    if (!list_empty(&s->asker.node)) {
        list_remove(&s->asker.node);
        r->answers--;
    }
    s->waiting = false;
    if (!s->listening)
        return;
    s->listening = false;
    p->handlers->on_listening(p->owner, r->name, s->asker.worker, false);
}

void
presence_seat_linger(struct presence_seat *s)
{
    enter(s, PRESENCE_SEAT_GRACE);
    timer_start(s->room->presence->loop, &s->timer, s->room->presence->grace_ms);
}

void
presence_seat_leave(struct presence_seat *s)
{
    struct presence *p = s->room->presence;

    enter(s, PRESENCE_SEAT_LEAVING);
    if (p->store->ops->reach(p->store) == PRESENCE_AWAY) {
        presence_seat_settle(s);
        return;
    }
    timer_start(p->loop, &s->timer, p->patience_ms);
    (void)p->store->ops->leave(p->store, s->room->track, conn_of(s)); /* said again, if lost */
}

void
presence_seat_settle(struct presence_seat *s)
{
    const struct replica_item item = item_of(s);

    if (s->state == PRESENCE_SEAT_ENTERING) {
        s->room->told = true;
        replica_enter(s->room->replica, &item);
        presence_seat_arrived(s);
    } else if (s->state == PRESENCE_SEAT_LEAVING) {
        replica_leave(s->room->replica, item.conn);
        presence_seat_free(s);
    }
}
