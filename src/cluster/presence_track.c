/* SPDX-License-Identifier: MIT */
/*
 * presence_track: the versions of one channel, put in order.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/fields.h"
#include "presence/replica.h"
#include "presence_redis_priv.h"
#include "redis/redis_link.h"
#include "scripts.h"
#include "json/json_scan.h"

/* More than come in the time of a list, unless Redis hangs. */
enum { WAITING_MAX = 20000 };

/* A list on its way; its track may be gone, or have asked again. */
struct presence_track_load {
    struct list node;
    struct presence_redis *store;
    struct presence_track *track;
};

/* A change that waits for the list. */
struct waiting {
    struct list node;
    struct bytes *payload;
};

/* One change, as its script published it (scripts.h). */
struct change {
    uint64_t version, before; /* before 0: the room was empty */
    bool enters;              /* else it leaves, and item has a conn only */
    struct replica_item item;
};

static struct str
name_of(const struct presence_track *t)
{
    return bytes_str(t->channel);
}

static void
drop_waiting(struct presence_track *t)
{
    LIST_EACH(node, &t->waiting) {
        struct waiting *w = LIST_ENTRY(node, struct waiting, node);

        list_remove(&w->node);
        bytes_unref(w->payload);
        free(w);
    }
    t->waiting_count = 0;
}

/* The only place that writes t->state. */
static void
enter(struct presence_track *t, enum presence_track_state next)
{
    if (next == PRESENCE_TRACK_IDLE)
        drop_waiting(t);
    if (next != PRESENCE_TRACK_LOADING && t->load)
        t->load->track = NULL;
    if (next != PRESENCE_TRACK_LOADING)
        t->load = NULL;
    timer_stop(&t->doubt);
    t->state = next;
}

void
presence_track_free(struct presence_track *t)
{
    enter(t, PRESENCE_TRACK_IDLE);
    timer_stop(&t->flush);
    map_remove(&t->store->tracks, name_of(t));
    bytes_unref(t->channel);
    free(t);
}

/* Who was missing behind an outage had time to come back. */
static void
on_doubt_over(void *owner)
{
    presence_track_ask(owner, false);
}

struct presence_track *
presence_track_new(struct presence_redis *s, struct bytes *channel, void (*on_flush)(void *track))
{
    struct presence_track *t = mem_zalloc(sizeof(*t));

    t->store = s;
    t->channel = bytes_ref(channel);
    list_init(&t->waiting);
    timer_init(&t->flush, on_flush, t);
    timer_init(&t->doubt, on_doubt_over, t);
    map_put(&s->tracks, name_of(t), t);
    return t;
}

void
presence_track_idle(struct presence_track *t)
{
    enter(t, PRESENCE_TRACK_IDLE);
}

/* ---- the whole truth ---- */

static void
load_free(struct presence_track_load *l)
{
    list_remove(&l->node);
    free(l);
}

/* A member is a JSON object; what another node wrote goes to browsers as it is. */
static bool
is_member(struct str text)
{
    struct str object;

    return json_scan_whole(text, &object) && json_scan_kind(object) == JSON_OBJECT;
}

static bool
item_parse(
    const struct redis_value *conn, const struct redis_value *entry, struct replica_item *out)
{
    struct str rest = entry->text;

    if (conn->kind != REDIS_STRING || entry->kind != REDIS_STRING)
        return false;
    out->conn = conn->text;
    return fields_take_u64(&rest, &out->seq) && fields_take(&rest, &out->user) &&
           fields_take(&rest, &out->member) && is_member(out->member);
}

static void
take_entries(struct presence_track *t, const struct redis_value *list)
{
    const struct presence_events *events = t->store->base.events;
    void *owner = t->store->base.owner;
    struct replica_item item;

    events->on_begin(owner, t->room);
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        if (item_parse(&list->items[i], &list->items[i + 1], &item))
            events->on_item(owner, t->room, &item);
    }
    events->on_end(owner, t->room, t->doubtful);
}

static void apply(struct presence_track *t, struct str payload);

static void
drain(struct presence_track *t)
{
    while (t->state == PRESENCE_TRACK_LIVE && !list_empty(&t->waiting)) {
        struct waiting *w = LIST_ENTRY(t->waiting.next, struct waiting, node);

        list_remove(&w->node);
        t->waiting_count--;
        apply(t, bytes_str(w->payload));
        bytes_unref(w->payload);
        free(w);
    }
}

static void
take_list(struct presence_track *t, const struct redis_value *reply)
{
    if (reply->kind != REDIS_ARRAY || reply->count != 2 || reply->items[1].kind != REDIS_ARRAY ||
        !str_to_u64(reply->items[0].text, UINT64_MAX, &t->version)) {
        log_warning("a presence list of redis is not understood channel=%s", LOG_STR(name_of(t)));
        return;
    }
    enter(t, PRESENCE_TRACK_LIVE);
    take_entries(t, &reply->items[1]);
    if (t->doubtful)
        timer_start(t->store->loop, &t->doubt, t->store->options.doubt_ms);
    drain(t);
    if (t->missed && t->state == PRESENCE_TRACK_LIVE)
        presence_track_ask(t, false);
    t->missed = false;
}

static void
on_list(void *owner, const struct redis_value *reply)
{
    struct presence_track_load *l = owner;
    struct presence_track *t = l->track;
    struct scripts *scripts = l->store->options.calls.scripts;

    if (t)
        t->load = NULL;
    load_free(l);
    if (scripts_check(scripts, reply)) {
        if (t)
            take_list(t, reply);
    } else if (t && !t->load) {
        enter(t, PRESENCE_TRACK_IDLE); /* refused: the room is what this node knows */
    }
}

void
presence_track_ask(struct presence_track *t, bool doubtful)
{
    struct presence_track_load *l = mem_zalloc(sizeof(*l));

    t->doubtful = doubtful || timer_active(&t->doubt);
    if (t->load)
        t->load->track = NULL;
    enter(t, PRESENCE_TRACK_LOADING);
    t->load = l;
    l->store = t->store;
    l->track = t;
    list_append(&t->store->loads, &l->node);
    if (room_calls_list(&t->store->options.calls, name_of(t), on_list, l))
        return;
    enter(t, PRESENCE_TRACK_IDLE);
    load_free(l);
}

/* ---- changes ---- */

/* Borrows from payload.  False: another protocol, or damaged. */
static bool
change_parse(struct str payload, struct change *out)
{
    struct str protocol, op;

    *out = (struct change){ 0 };
    if (!fields_take(&payload, &protocol) || !str_is(protocol, "1") ||
        !fields_take_u64(&payload, &out->version) || !fields_take_u64(&payload, &out->before) ||
        !fields_take(&payload, &op) || !fields_take(&payload, &out->item.conn))
        return false;
    out->item.seq = out->version;
    out->enters = str_is(op, "+");
    if (!out->enters)
        return str_is(op, "-");
    return fields_take(&payload, &out->item.user) && fields_take(&payload, &out->item.member) &&
           is_member(out->item.member);
}

static void
deliver(struct presence_track *t, const struct change *c)
{
    const struct presence_events *events = t->store->base.events;
    void *owner = t->store->base.owner;

    t->version = c->version;
    if (c->enters)
        events->on_enter(owner, t->room, &c->item);
    else
        events->on_leave(owner, t->room, c->item.conn);
}

/* The first change of a room that was empty: Redis forgot it, or it is just what we know. */
static void
apply_first(struct presence_track *t, const struct change *c)
{
    if (t->store->base.events->is_empty(t->store->base.owner, t->room))
        deliver(t, c);
    else
        presence_track_ask(t, true);
}

static void
apply(struct presence_track *t, struct str payload)
{
    struct change c;

    if (!change_parse(payload, &c)) {
        log_warning(
            "a presence change of another node is not understood channel=%s", LOG_STR(name_of(t)));
        return;
    }
    if (c.version == t->version)
        return;
    if (c.before == t->version)
        deliver(t, &c);
    else if (c.before == 0)
        apply_first(t, &c);
    else if (c.version > t->version)
        presence_track_ask(t, false);
}

static void
wait(struct presence_track *t, struct str payload)
{
    struct waiting *w = mem_zalloc(sizeof(*w));

    w->payload = bytes_new(payload.data, payload.len);
    list_append(&t->waiting, &w->node);
    if (++t->waiting_count <= WAITING_MAX)
        return;
    drop_waiting(t);
    t->missed = true;
}

void
presence_track_change(struct presence_track *t, struct str payload)
{
    if (t->state == PRESENCE_TRACK_LOADING)
        wait(t, payload);
    else if (t->state == PRESENCE_TRACK_LIVE)
        apply(t, payload);
}

void
presence_track_drop_loads(struct presence_redis *s)
{
    LIST_EACH(node, &s->loads)
        load_free(LIST_ENTRY(node, struct presence_track_load, node));
}
