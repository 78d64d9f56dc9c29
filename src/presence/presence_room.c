/* SPDX-License-Identifier: MIT */
/*
 * presence_room: one presence channel on this node, what browsers read of its changes, and the
 * lists that answer whoever asks, one at a time and in turn.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "presence_priv.h"
#include "json/json_scan.h"

/* ---- changes ---- */

static void
append_without_socket(struct buffer *out, struct str member)
{
    struct json_cursor c = json_scan_enter(member);
    struct str key, value;
    char before = '{';

    while (json_scan_member(&c, &key, &value)) {
        if (json_scan_string_is(key, "socketId"))
            continue;
        buffer_append_char(out, before);
        buffer_append_str(out, key);
        buffer_append_char(out, ':');
        buffer_append_str(out, value);
        before = ',';
    }
    buffer_append_text(out, before == '{' ? "{}" : "}");
}

/* 42["presence:joining",channel,member], or leaving, with the member but without its socketId. */
static void
room_on_user(void *owner, bool here, struct str member)
{
    struct presence_room *r = owner;
    struct presence *p = r->presence;
    struct buffer out = { 0 };
    struct bytes *text;

    if (p->retired || r->view == PRESENCE_ROOM_UNKNOWN)
        return;
    buffer_append_text(&out, here ? "42[\"presence:joining\"," : "42[\"presence:leaving\",");
    json_scan_quote(bytes_str(r->name), &out);
    buffer_append_char(&out, ',');
    if (here)
        buffer_append_str(&out, member);
    else
        append_without_socket(&out, member);
    buffer_append_char(&out, ']');
    text = buffer_to_bytes(&out);
    buffer_fini(&out);
    p->handlers->on_event(p->owner, bytes_str(r->name), text);
    bytes_unref(text);
}

/* ---- life ---- */

struct presence_room *
presence_room_get(struct presence *p, struct str name)
{
    struct presence_room *r = map_get(&p->rooms, name);

    if (r)
        return r;
    r = mem_zalloc(sizeof(*r));
    r->presence = p;
    r->name = bytes_new(name.data, name.len);
    r->replica = replica_new(room_on_user, r);
    list_init(&r->idle);
    list_init(&r->seats);
    list_init(&r->askers);
    map_put(&p->rooms, bytes_str(r->name), r);
    r->track = p->store->ops->watch(p->store, r->name, r);
    p->store->ops->load(p->store, r->track);
    return r;
}

static bool
room_is_needed(const struct presence_room *r)
{
    return r->listening || r->asking > 0 || !list_empty(&r->seats);
}

void
presence_room_release(struct presence_room *r)
{
    if (room_is_needed(r) || !list_empty(&r->idle))
        return;
    list_append(&r->presence->idle, &r->idle);
    loop_end_of_turn(r->presence->loop, &r->presence->sweep);
}

void
presence_room_free(struct presence_room *r)
{
    struct presence *p = r->presence;

    ENSURE(list_empty(&r->seats) && r->asking == 0 && r->by_id.count == 0);
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

    LIST_EACH(node, &p->idle) {
        struct presence_room *r = LIST_ENTRY(node, struct presence_room, idle);

        list_remove(&r->idle);
        if (!room_is_needed(r))
            presence_room_free(r);
    }
}

void
presence_room_enter(struct presence_room *r, enum presence_room_view view)
{
    if (r->view < view)
        r->view = view;
}

void
presence_room_alone(struct presence_room *r)
{
    struct presence *p = r->presence;

    if (p->alone)
        return;
    p->alone = true;
    log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST,
        "presence works without redis: other nodes' members may be missing channel=%s",
        LOG_STR(bytes_str(r->name)));
}

/* ---- lists ---- */

void
presence_room_forget(struct presence_asker *a)
{
    struct presence_room *r = a->room;

    list_remove(&a->node);
    if (a->seat)
        return;
    ENSURE(r->asking > 0);
    r->asking--;
    timer_stop(&a->limit);
    free(a);
    presence_room_release(r);
}

static void
asker_give(struct presence_asker *a)
{
    struct presence_room *r = a->room;
    struct presence *p = r->presence;
    struct bytes *text;

    list_remove(&a->node);
    presence_room_enter(r, PRESENCE_ROOM_TOLD);
    if (a->on_read) {
        a->on_read(a->owner, r->replica);
    } else {
        text = replica_list(r->replica, bytes_str(r->name));
        if (a->seat) {
            presence_seat_enter_socket(a->seat, PRESENCE_SOCKET_LISTENING);
            p->handlers->on_listening(p->owner, r->name, a->worker, true);
        }
        p->handlers->on_list(p->owner, a->worker, a->token, text);
        bytes_unref(text);
    }
    presence_room_forget(a);
}

void
presence_room_give(struct presence *p)
{
    while (!list_empty(&p->answers) && !p->handlers->is_full(p->owner))
        asker_give(LIST_ENTRY(p->answers.next, struct presence_asker, node));
}

void
presence_room_answer(struct presence_asker *a)
{
    if (!a->seat)
        timer_stop(&a->limit);
    list_remove(&a->node);
    list_append(&a->room->presence->answers, &a->node);
    presence_room_give(a->room->presence);
}

static void
asker_on_limit(void *owner)
{
    struct presence_asker *a = owner;

    presence_room_alone(a->room);
    presence_room_answer(a);
}

void
presence_room_ask(struct presence_room *r, const struct presence_asker *question)
{
    struct presence *p = r->presence;
    struct presence_asker *a = mem_zalloc(sizeof(*a));

    *a = *question;
    a->room = r;
    list_init(&a->node);
    timer_init(&a->limit, asker_on_limit, a);
    r->asking++;
    if (r->view == PRESENCE_ROOM_LOADED || p->store->ops->reach(p->store) == PRESENCE_AWAY) {
        presence_room_answer(a);
        return;
    }
    list_append(&r->askers, &a->node);
    timer_start(p->loop, &a->limit, PRESENCE_PATIENCE_MS);
}
