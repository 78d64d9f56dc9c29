/* SPDX-License-Identifier: MIT */
/*
 * presence_room: one presence channel on this node, and what the store says about it.
 *
 * The store's word about a connection of this node can be wrong: another node took this one for
 * dead, or Redis forgot.  Then the store is told again, and the replica follows.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"
#include "presence_priv.h"
#include "texts.h"

static void
on_user(void *owner, bool here, struct str member)
{
    struct presence_room *r = owner;
    struct presence *p = r->presence;
    struct str name = bytes_str(r->name);
    struct bytes *text;

    if (p->retired || !r->told)
        return;
    text = here ? texts_joining(name, member) : texts_leaving(name, member);
    p->handlers->on_event(p->owner, name, text);
    bytes_unref(text);
}

static struct presence_room *
room_new(struct presence *p, struct str name)
{
    struct presence_room *r = mem_zalloc(sizeof(*r));

    r->presence = p;
    r->name = bytes_new(name.data, name.len);
    r->replica = replica_new(on_user, r);
    list_init(&r->idle);
    list_init(&r->seats);
    list_init(&r->askers);
    map_put(&p->rooms, bytes_str(r->name), r);
    r->track = p->store->ops->watch(p->store, r->name, r);
    p->store->ops->load(p->store, r->track);
    return r;
}

struct presence_room *
presence_room_get(struct presence *p, struct str name)
{
    struct presence_room *r = map_get(&p->rooms, name);

    return r ? r : room_new(p, name);
}

static bool
is_needed(const struct presence_room *r)
{
    return r->listening || r->answers > 0 || !list_empty(&r->seats) || !list_empty(&r->askers);
}

void
presence_room_release(struct presence_room *r)
{
    if (is_needed(r) || !list_empty(&r->idle))
        return;
    list_append(&r->presence->idle, &r->idle);
    loop_end_of_turn(r->presence->loop, &r->presence->sweep);
}

void
presence_room_free(struct presence_room *r)
{
    struct presence *p = r->presence;

    list_remove(&r->idle);
    map_remove(&p->rooms, bytes_str(r->name));
    p->store->ops->unwatch(p->store, r->track);
    replica_free(r->replica);
    map_fini(&r->by_id);
    bytes_unref(r->name);
    free(r);
}

void
presence_room_sweep(void *presence)
{
    struct presence *p = presence;

    LIST_EACH(node, &p->idle)
    {
        struct presence_room *r = LIST_ENTRY(node, struct presence_room, idle);

        list_remove(&r->idle);
        if (!is_needed(r))
            presence_room_free(r);
    }
}

void
presence_room_alone(struct presence_room *r)
{
    struct presence *p = r->presence;

    if (p->alone)
        return;
    p->alone = true;
    log_warning("presence without redis: lists and changes are what this node knows channel=%s",
        LOG_STR(bytes_str(r->name)));
}

/* ---- what the store says ---- */

static bool
is_own(const struct presence *p, struct str conn)
{
    struct str prefix = buffer_str(&p->conn_prefix);

    return conn.len > prefix.len && memcmp(conn.data, prefix.data, prefix.len) == 0;
}

/* An entry of this node that no socket stands for. */
static void
take_back(struct presence_room *r, struct str conn)
{
    struct presence *p = r->presence;

    if (!p->retired)
        (void)p->store->ops->leave(p->store, r->track, conn);
}

static void
on_enter(void *owner, struct presence_room *r, const struct replica_item *item)
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
on_leave(void *owner, struct presence_room *r, struct str conn)
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
on_begin(void *owner, struct presence_room *r)
{
    (void)owner;
    replica_begin(r->replica);
}

static void
on_item(void *owner, struct presence_room *r, const struct replica_item *item)
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
    struct str conn = str_slice(s->conn, s->conn_len);

    if (!presence_seat_wanted(s)) {
        replica_leave(r->replica, conn);
        presence_seat_free(s);
        return;
    }
    if (s->listed)
        return;
    replica_keep(r->replica, conn);
    if (!r->presence->retired && (!s->sent || replica_has(r->replica, conn)))
        presence_seat_say(s);
}

static void
on_end(void *owner, struct presence_room *r, bool keep_missing)
{
    struct presence *p = owner;

    LIST_EACH(node, &r->seats)
    reconcile_seat(r, LIST_ENTRY(node, struct presence_seat, node));
    replica_end(r->replica, keep_missing);
    r->loaded = r->told = true;
    if (p->alone)
        log_notice("presence goes by redis again");
    p->alone = false;
    LIST_EACH(node, &r->seats)
    {
        struct presence_seat *s = LIST_ENTRY(node, struct presence_seat, node);

        if (s->listed)
            presence_seat_arrived(s);
        s->listed = false;
    }
    LIST_EACH(node, &r->askers)
    presence_answer(LIST_ENTRY(node, struct presence_asker, node));
}

static void
on_lost(void *owner)
{
    struct presence *p = owner;
    struct presence_seat *s;

    for (size_t i = 0; (s = map_next(&p->seats, &i));)
        s->sent = false;
}

static void
on_away(void *owner)
{
    struct presence *p = owner;
    struct presence_room *r;

    on_lost(p);
    for (size_t i = 0; (r = map_next(&p->rooms, &i));) {
        LIST_EACH(node, &r->seats)
        presence_seat_settle(LIST_ENTRY(node, struct presence_seat, node));
        LIST_EACH(node, &r->askers)
        presence_answer(LIST_ENTRY(node, struct presence_asker, node));
    }
}

static bool
has_seats(void *owner, const struct presence_room *r)
{
    (void)owner;
    for (struct list *node = r->seats.next; node != &r->seats; node = node->next) {
        if (presence_seat_wanted(LIST_ENTRY(node, struct presence_seat, node)))
            return true;
    }
    return false;
}

static bool
is_empty(void *owner, const struct presence_room *r)
{
    (void)owner;
    return replica_entries(r->replica) == 0;
}

const struct presence_events *
presence_room_events(void)
{
    static const struct presence_events events = {
        .on_enter = on_enter,
        .on_leave = on_leave,
        .on_begin = on_begin,
        .on_item = on_item,
        .on_end = on_end,
        .on_lost = on_lost,
        .on_away = on_away,
        .has_seats = has_seats,
        .is_empty = is_empty,
    };

    return &events;
}
