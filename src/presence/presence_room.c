/* SPDX-License-Identifier: MIT */
/*
 * presence_room: one presence channel on this node, and the lists that answer who asks for it, one
 * at a time and in turn.
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

    LIST_EACH(node, &p->idle) {
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

/* ---- lists ---- */

void
presence_room_forget(struct presence_asker *a)
{
    list_remove(&a->node);
    if (a->seat)
        return;
    timer_stop(&a->limit);
    free(a);
}

static void
give_seat(struct presence *p, struct presence_seat *s, struct bytes *text)
{
    s->waiting = false;
    s->listening = true;
    p->handlers->on_listening(p->owner, s->room->name, s->asker.worker, true);
    p->handlers->on_list(p->owner, s->asker.worker, s->asker.token, text);
}

static void
give(struct presence *p, struct presence_asker *a)
{
    struct presence_room *r = a->room;
    struct bytes *text;

    list_remove(&a->node);
    r->told = true;
    if (a->on_read) {
        a->on_read(a->owner, r->replica);
    } else {
        text = replica_list(r->replica, bytes_str(r->name));
        if (a->seat)
            give_seat(p, a->seat, text);
        else
            p->handlers->on_list(p->owner, a->worker, a->token, text);
        bytes_unref(text);
    }
    presence_room_forget(a);
    r->answers--;
    presence_room_release(r);
}

void
presence_room_give(struct presence *p)
{
    while (!list_empty(&p->answers) && !p->handlers->is_full(p->owner))
        give(p, LIST_ENTRY(p->answers.next, struct presence_asker, node));
}

void
presence_room_answer(struct presence_asker *a)
{
    if (!a->seat)
        timer_stop(&a->limit);
    list_remove(&a->node);
    list_append(&a->room->presence->answers, &a->node);
    a->room->answers++;
    presence_room_give(a->room->presence);
}

static void
on_asker_limit(void *owner)
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
    timer_init(&a->limit, on_asker_limit, a);
    if (r->loaded || p->store->ops->reach(p->store) == PRESENCE_AWAY) {
        presence_room_answer(a);
        return;
    }
    list_append(&r->askers, &a->node);
    timer_start(p->loop, &a->limit, p->patience_ms);
}
