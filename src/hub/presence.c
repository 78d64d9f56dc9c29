/* SPDX-License-Identifier: MIT */
/*
 * presence: what workers ask, and the lists that answer them, one at a time and in turn.
 */
#include "presence.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "hub/hub_link.h"
#include "presence_priv.h"

enum { PATIENCE_MS = 1000 };

struct presence *
presence_new(struct loop *l, const struct presence_options *o, const struct presence_handlers *h,
    void *owner)
{
    struct presence *p = mem_zalloc(sizeof(*p));

    p->loop = l;
    buffer_append_str(&p->conn_prefix, o->node);
    buffer_append_char(&p->conn_prefix, '/');
    p->grace_ms = o->grace_ms;
    p->patience_ms = o->patience_ms > 0 ? o->patience_ms : PATIENCE_MS;
    p->store = o->store;
    p->store->events = presence_room_events();
    p->store->owner = p;
    p->handlers = h;
    p->owner = owner;
    list_init(&p->idle);
    list_init(&p->answers);
    loop_task_init(&p->sweep, presence_room_sweep, p);
    return p;
}

static void
asker_free(struct presence_asker *a)
{
    list_remove(&a->node);
    timer_stop(&a->limit);
    free(a);
}

static void
clear_room(struct presence_room *r)
{
    LIST_EACH(node, &r->seats)
    presence_seat_free(LIST_ENTRY(node, struct presence_seat, node));
    LIST_EACH(node, &r->askers)
    asker_free(LIST_ENTRY(node, struct presence_asker, node));
    presence_room_free(r);
}

static void
drop_answers(struct presence *p)
{
    LIST_EACH(node, &p->answers)
    {
        struct presence_asker *a = LIST_ENTRY(node, struct presence_asker, node);

        list_remove(&a->node);
        if (!a->seat)
            asker_free(a);
    }
}

void
presence_free(struct presence *p)
{
    struct presence_room *r;

    if (!p)
        return;
    p->retired = true;
    drop_answers(p);
    for (size_t i = 0; (r = map_next(&p->rooms, &i));)
        clear_room(r);
    loop_task_cancel(&p->sweep);
    p->store->ops->free(p->store);
    map_fini(&p->rooms);
    map_fini(&p->seats);
    buffer_fini(&p->conn_prefix);
    free(p);
}

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
presence_enter(struct presence *p, unsigned worker, uint32_t token, const struct hub_member *m)
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
    s->waiting = true;
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

/* ---- lists ---- */

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
    if (!a->seat)
        asker_free(a);
    r->answers--;
    presence_room_release(r);
}

void
presence_resume(struct presence *p)
{
    while (!list_empty(&p->answers) && !p->handlers->is_full(p->owner))
        give(p, LIST_ENTRY(p->answers.next, struct presence_asker, node));
}

void
presence_answer(struct presence_asker *a)
{
    struct presence *p = a->room->presence;

    if (!a->seat)
        timer_stop(&a->limit);
    list_remove(&a->node);
    list_append(&p->answers, &a->node);
    a->room->answers++;
    presence_resume(p);
}

static void
on_asker_limit(void *owner)
{
    struct presence_asker *a = owner;

    presence_room_alone(a->room);
    presence_answer(a);
}

static struct presence_asker *
asker_new(struct presence_room *r)
{
    struct presence_asker *a = mem_zalloc(sizeof(*a));

    a->room = r;
    list_init(&a->node);
    timer_init(&a->limit, on_asker_limit, a);
    return a;
}

/* At once when the replica is as good as it gets. */
static void
ask(struct presence *p, struct presence_asker *a)
{
    struct presence_room *r = a->room;

    if (r->loaded || p->store->ops->reach(p->store) == PRESENCE_AWAY) {
        presence_answer(a);
        return;
    }
    list_append(&r->askers, &a->node);
    timer_start(p->loop, &a->limit, p->patience_ms);
}

void
presence_list(struct presence *p, unsigned worker, uint32_t token, struct str channel)
{
    struct presence_asker *a = asker_new(presence_room_get(p, channel));

    a->worker = worker;
    a->token = token;
    ask(p, a);
}

void
presence_read(struct presence *p, struct str channel,
    void (*on_read)(void *owner, struct replica *r), void *owner)
{
    struct presence_asker *a = asker_new(presence_room_get(p, channel));

    a->on_read = on_read;
    a->owner = owner;
    ask(p, a);
}

void
presence_retire(struct presence *p)
{
    struct presence_seat *s;

    p->retired = true;
    for (size_t i = 0; (s = map_next(&p->seats, &i));)
        timer_stop(&s->timer);
}
