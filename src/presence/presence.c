/* SPDX-License-Identifier: MIT */
/*
 * presence: what workers ask, and what the store says about it.
 *
 * The store's word about a connection of this node can be wrong: another node took this one for
 * dead, or Redis forgot.  Then it is said to the store again, and the replica follows.
 */
#include "presence/presence.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "presence_priv.h"

/* ---- what the store says ---- */

static bool
is_own(const struct presence *p, struct str conn)
{
    struct str prefix = buffer_str(&p->conn_prefix);

    return conn.len > prefix.len && memcmp(conn.data, prefix.data, prefix.len) == 0;
}

/* An entry of this node without a socket. */
static void
take_back(struct presence_room *r, struct str conn)
{
    struct presence *p = r->presence;

    if (!p->retired)
        (void)p->store->ops->leave(p->store, r->track, conn);
}

static void
presence_on_enter(void *owner, struct presence_room *r, const struct replica_item *item)
{
    struct presence *p = owner;
    struct presence_seat *s = map_get(&p->seats, item->conn);

    replica_enter(r->replica, item);
    if (s)
        presence_seat_arrived(s);
    else if (is_own(p, item->conn))
        take_back(r, item->conn);
}

static void
presence_on_leave(void *owner, struct presence_room *r, struct str conn)
{
    struct presence *p = owner;
    struct presence_seat *s = map_get(&p->seats, conn);

    if (s && presence_seat_wanted(s) && !p->retired) {
        presence_seat_say(s);
        return;
    }
    replica_leave(r->replica, conn);
    if (s && !presence_seat_wanted(s))
        presence_seat_free(s);
}

static void
presence_on_begin(void *owner, struct presence_room *r)
{
    (void)owner;
    replica_begin(r->replica);
}

static void
presence_on_item(void *owner, struct presence_room *r, const struct replica_item *item)
{
    struct presence *p = owner;
    struct presence_seat *s = map_get(&p->seats, item->conn);

    if (s && presence_seat_wanted(s)) {
        s->listed = true;
    } else if (is_own(p, item->conn)) {
        take_back(r, item->conn);
        return;
    }
    replica_see(r->replica, item);
}

/* While another truth is put in place. */
static void
reconcile_seat(struct presence_room *r, struct presence_seat *s)
{
    bool known;

    if (!presence_seat_wanted(s)) {
        replica_leave(r->replica, s->conn);
        presence_seat_free(s);
        return;
    }
    if (s->listed)
        return;
    known = replica_keep(r->replica, s->conn);
    if (!r->presence->retired && (!s->sent || known))
        presence_seat_say(s);
}

static void
presence_on_end(void *owner, struct presence_room *r, bool keep_missing)
{
    struct presence *p = owner;

    LIST_EACH(node, &r->seats)
        reconcile_seat(r, LIST_ENTRY(node, struct presence_seat, node));
    replica_end(r->replica, keep_missing);
    presence_room_enter(r, PRESENCE_ROOM_LOADED);
    if (p->alone)
        log_gated(LOG_LEVEL_NOTICE, LOG_GATE_MOST, "presence follows redis again");
    p->alone = false;
    LIST_EACH(node, &r->seats) {
        struct presence_seat *s = LIST_ENTRY(node, struct presence_seat, node);

        if (s->listed)
            presence_seat_arrived(s);
        s->listed = false;
    }
    LIST_EACH(node, &r->askers)
        presence_room_answer(LIST_ENTRY(node, struct presence_asker, node));
    ENSURE(list_empty(&r->askers));
}

static void
presence_on_lost(void *owner)
{
    struct presence *p = owner;
    struct presence_seat *s;

    for (size_t i = 0; (s = map_next(&p->seats, &i));)
        s->sent = false;
}

static void
presence_on_away(void *owner)
{
    struct presence *p = owner;
    struct presence_room *r;

    presence_on_lost(p);
    for (size_t i = 0; (r = map_next(&p->rooms, &i));) {
        LIST_EACH(node, &r->seats)
            presence_seat_settle(LIST_ENTRY(node, struct presence_seat, node));
        LIST_EACH(node, &r->askers)
            presence_room_answer(LIST_ENTRY(node, struct presence_asker, node));
    }
}

static bool
presence_has_seats(void *owner, const struct presence_room *r)
{
    (void)owner;
    LIST_EACH(node, &r->seats) {
        if (presence_seat_wanted(LIST_ENTRY(node, struct presence_seat, node)))
            return true;
    }
    return false;
}

static bool
presence_is_empty(void *owner, const struct presence_room *r)
{
    (void)owner;
    return replica_entries(r->replica) == 0;
}

/* ---- life ---- */

struct presence *
presence_new(struct loop *l, const struct presence_options *o, const struct presence_handlers *h,
    void *owner)
{
    static const struct presence_events events = {
        .on_enter = presence_on_enter,
        .on_leave = presence_on_leave,
        .on_begin = presence_on_begin,
        .on_item = presence_on_item,
        .on_end = presence_on_end,
        .on_lost = presence_on_lost,
        .on_away = presence_on_away,
        .has_seats = presence_has_seats,
        .is_empty = presence_is_empty,
    };
    struct presence *p = mem_zalloc(sizeof(*p));

    p->loop = l;
    buffer_append_str(&p->conn_prefix, o->node);
    buffer_append_char(&p->conn_prefix, '/');
    p->grace_ms = o->grace_ms;
    p->store = o->store ? o->store : presence_memory_new();
    p->store->events = &events;
    p->store->owner = p;
    p->handlers = h;
    p->owner = owner;
    list_init(&p->idle);
    list_init(&p->answers);
    loop_task_init(&p->sweep, presence_room_sweep, p);
    return p;
}

void
presence_free(struct presence *p)
{
    struct presence_room *r;

    if (!p)
        return;
    p->retired = true;
    LIST_EACH(node, &p->answers)
        presence_room_forget(LIST_ENTRY(node, struct presence_asker, node));
    for (size_t i = 0; (r = map_next(&p->rooms, &i));) {
        LIST_EACH(node, &r->seats)
            presence_seat_free(LIST_ENTRY(node, struct presence_seat, node));
        LIST_EACH(node, &r->askers)
            presence_room_forget(LIST_ENTRY(node, struct presence_asker, node));
        presence_room_free(r);
    }
    ENSURE(p->seats.count == 0);
    loop_task_cancel(&p->sweep);
    p->store->ops->free(p->store);
    map_fini(&p->rooms);
    map_fini(&p->seats);
    buffer_fini(&p->conn_prefix);
    free(p);
}

/* ---- what workers ask ---- */

bool
presence_is(struct str channel)
{
    return str_starts(channel, "presence-");
}

void
presence_listen(struct presence *p, struct bytes *channel, bool on)
{
    struct presence_room *r = presence_room_get(p, bytes_str(channel));

    r->listening = on;
    presence_room_release(r);
}

void
presence_enter(struct presence *p, unsigned worker, uint32_t token, const struct presence_member *m)
{
    struct presence_room *r;
    struct presence_seat *before, *s;

    if (p->retired)
        return;
    r = presence_room_get(p, m->channel);
    before = map_get(&r->by_id, m->id);
    if (before)
        presence_seat_detach(before);
    s = presence_seat_new(r, m);
    s->asker.worker = worker;
    s->asker.token = token;
    presence_seat_begin(s);
    if (before)
        presence_seat_leave(before);
}

void
presence_depart(struct presence *p, struct str channel, struct str id)
{
    struct presence_room *r = map_get(&p->rooms, channel);
    struct presence_seat *s = r ? map_get(&r->by_id, id) : NULL;

    if (!s)
        return;
    presence_seat_detach(s);
    if (p->retired)
        return;
    if (p->grace_ms > 0)
        presence_seat_linger(s);
    else
        presence_seat_leave(s);
}

void
presence_list(struct presence *p, unsigned worker, uint32_t token, struct str channel)
{
    presence_room_ask(presence_room_get(p, channel),
        &(struct presence_asker){ .worker = worker, .token = token });
}

void
presence_read(struct presence *p, struct str channel,
    void (*on_read)(void *owner, struct replica *r), void *owner)
{
    presence_room_ask(presence_room_get(p, channel),
        &(struct presence_asker){ .on_read = on_read, .owner = owner });
}

void
presence_resume(struct presence *p)
{
    presence_room_give(p);
}

void
presence_retire(struct presence *p)
{
    struct presence_seat *s;

    p->retired = true;
    for (size_t i = 0; (s = map_next(&p->seats, &i));)
        timer_stop(&s->timer);
}
