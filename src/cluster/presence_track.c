/* SPDX-License-Identifier: MIT */
/*
 * presence_track: the versions of one channel, put in order.
 */
#include "presence_track.h"

#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "cluster/fields.h"
#include "presence/replica.h"
#include "redis/redis_link.h"
#include "scripts.h"
#include "json/json_scan.h"

enum {
    WAITING_MAX = 20000, /* more than come in the time of a list, unless Redis hangs */
    /* Nodes find Redis again within the longest back-off of a link, 2 s, of each other. */
    DOUBT_MS = 2500,
};

/* A list on its way; track is NULL when that is gone, or does not wait for it any more. */
struct presence_track_load {
    struct list node;
    struct presence_redis *store;
    struct presence_track *track;
    bool doubtful; /* the list may lack what others did not say again yet */
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

static void
waiting_free(struct waiting *w)
{
    list_remove(&w->node);
    bytes_unref(w->payload);
    free(w);
}

static void
track_drop_waiting(struct presence_track *t)
{
    LIST_EACH(node, &t->waiting)
        waiting_free(LIST_ENTRY(node, struct waiting, node));
}

/* The only place that writes t->state and t->load; load NULL unless LOADING. */
static void
track_enter(
    struct presence_track *t, enum presence_track_state next, struct presence_track_load *load)
{
    ENSURE((next == PRESENCE_TRACK_LOADING) == (load != NULL));
    ENSURE(next == PRESENCE_TRACK_IDLE || t->room);
    ENSURE(next != PRESENCE_TRACK_LIVE || t->state == PRESENCE_TRACK_LOADING);
    if (t->load)
        t->load->track = NULL;
    if (next == PRESENCE_TRACK_IDLE) {
        track_drop_waiting(t);
        t->waiting_count = 0;
    }
    timer_stop(&t->doubt);
    t->load = load;
    t->state = next;
}

void
presence_track_free(struct presence_track *t)
{
    track_enter(t, PRESENCE_TRACK_IDLE, NULL);
    timer_stop(&t->flush);
    map_remove(&t->store->tracks, bytes_str(t->channel));
    bytes_unref(t->channel);
    free(t);
}

/* Whoever was missing after an outage had time to come back. */
static void
track_on_doubt_over(void *owner)
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
    timer_init(&t->doubt, track_on_doubt_over, t);
    map_put(&s->tracks, bytes_str(t->channel), t);
    return t;
}

void
presence_track_idle(struct presence_track *t)
{
    track_enter(t, PRESENCE_TRACK_IDLE, NULL);
}

/* ---- changes ---- */

/* The rest of an entry or of a change.  A member is a JSON object: what another node wrote goes to
 * browsers as it is. */
static bool
take_user_and_member(struct str *rest, struct replica_item *out)
{
    struct str object;

    return fields_take(rest, &out->user) && fields_take(rest, &out->member) &&
           json_scan_whole(out->member, &object) && json_scan_kind(object) == JSON_OBJECT;
}

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
    return out->enters ? take_user_and_member(&payload, &out->item) : str_is(op, "-");
}

static void
track_apply(struct presence_track *t, struct str payload)
{
    const struct presence_events *events = t->store->base.events;
    void *owner = t->store->base.owner;
    struct change c;

    ENSURE(t->state == PRESENCE_TRACK_LIVE);
    if (!change_parse(payload, &c)) {
        log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST,
            "ignoring a presence change that is damaged or of another version channel=%s",
            LOG_STR(bytes_str(t->channel)));
        return;
    }
    if (c.version == t->version)
        return;
    if (c.before == t->version || (c.before == 0 && events->is_empty(owner, t->room))) {
        t->version = c.version;
        if (c.enters)
            events->on_enter(owner, t->room, &c.item);
        else
            events->on_leave(owner, t->room, c.item.conn);
    } else if (c.before == 0) {
        presence_track_ask(t, true); /* the first of a room that was empty: Redis forgot ours */
    } else if (c.version > t->version) {
        presence_track_ask(t, false);
    }
}

void
presence_track_change(struct presence_track *t, struct str payload)
{
    struct waiting *w;

    if (t->state == PRESENCE_TRACK_LIVE) {
        track_apply(t, payload);
        return;
    }
    if (t->state != PRESENCE_TRACK_LOADING || t->waiting_count > WAITING_MAX)
        return;
    w = mem_zalloc(sizeof(*w));
    w->payload = bytes_new(payload.data, payload.len);
    list_append(&t->waiting, &w->node);
    if (++t->waiting_count > WAITING_MAX)
        track_drop_waiting(t);
}

/* ---- the whole truth ---- */

static void
track_take_entries(struct presence_track *t, const struct redis_value *list, bool doubtful)
{
    const struct presence_events *events = t->store->base.events;
    void *owner = t->store->base.owner;

    events->on_begin(owner, t->room);
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        const struct redis_value *conn = &list->items[i], *entry = &list->items[i + 1];
        struct replica_item item = { .conn = conn->text };
        struct str rest = entry->text;

        if (conn->kind == REDIS_STRING && entry->kind == REDIS_STRING &&
            fields_take_u64(&rest, &item.seq) && take_user_and_member(&rest, &item))
            events->on_item(owner, t->room, &item);
    }
    events->on_end(owner, t->room, doubtful);
}

static void
track_take_list(struct presence_track *t, const struct redis_value *reply, bool doubtful)
{
    bool missed = t->waiting_count > WAITING_MAX;

    if (reply->kind != REDIS_ARRAY || reply->count != 2 || reply->items[1].kind != REDIS_ARRAY ||
        !str_to_u64(reply->items[0].text, UINT64_MAX, &t->version)) {
        log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST,
            "ignoring a presence list from redis that is damaged channel=%s",
            LOG_STR(bytes_str(t->channel)));
        track_enter(t, PRESENCE_TRACK_IDLE, NULL); /* as if Redis were away */
        return;
    }
    track_enter(t, PRESENCE_TRACK_LIVE, NULL);
    track_take_entries(t, &reply->items[1], doubtful);
    if (doubtful)
        timer_start(t->store->loop, &t->doubt, DOUBT_MS);
    while (t->state == PRESENCE_TRACK_LIVE && !list_empty(&t->waiting)) {
        struct waiting *w = LIST_ENTRY(t->waiting.next, struct waiting, node);

        t->waiting_count--;
        track_apply(t, bytes_str(w->payload));
        waiting_free(w);
    }
    if (missed) {
        t->waiting_count = 0;
        presence_track_ask(t, false);
    }
}

static void
load_free(struct presence_track_load *l)
{
    list_remove(&l->node);
    free(l);
}

static void
load_on_list(void *owner, const struct redis_value *reply)
{
    struct presence_track_load *l = owner;
    bool good = scripts_check(l->store->scripts, reply); /* may ask for another list */

    ENSURE(!l->track || l->track->load == l);
    if (l->track && good)
        track_take_list(l->track, reply, l->doubtful);
    else if (l->track)
        track_enter(l->track, PRESENCE_TRACK_IDLE, NULL); /* the room is what this node knows */
    load_free(l);
}

void
presence_track_ask(struct presence_track *t, bool doubtful)
{
    struct presence_track_load *l = mem_zalloc(sizeof(*l));

    l->store = t->store;
    l->track = t;
    l->doubtful = doubtful || timer_active(&t->doubt);
    list_append(&t->store->loads, &l->node);
    track_enter(t, PRESENCE_TRACK_LOADING, l);
    if (scripts_list(
            t->store->scripts, bytes_str(t->channel), (struct scripts_reply){ load_on_list, l }))
        return;
    track_enter(t, PRESENCE_TRACK_IDLE, NULL);
    load_free(l);
}

void
presence_track_drop_loads(struct presence_redis *s)
{
    LIST_EACH(node, &s->loads)
        load_free(LIST_ENTRY(node, struct presence_track_load, node));
}
