/* SPDX-License-Identifier: MIT */
/*
 * counts: one poll a question: gather what the nodes have, read who is in the channel, answer.
 *
 * What nodes send is a list of fields, (name, sockets) for each channel; "" stands for all sockets.
 */
#include "counts.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"
#include "cluster/fields.h"
#include "hub/hub_link.h"
#include "net/timer.h"
#include "presence/presence.h"
#include "presence/replica.h"
#include "registry.h"
#include "json/json_scan.h"

enum { ANSWER_LIMIT_MS = 1000 };

/* sockets is the sum of what the workers reported, each of which never takes back more than it
 * added. */
struct counts {
    struct loop *loop;
    const struct registry *registry;
    struct presence *presence;
    struct cluster *cluster; /* NULL without */
    void (*on_json)(void *owner, unsigned worker, uint32_t token, struct bytes *json);
    void *owner;
    int64_t sockets;
    uint64_t last_token;
    struct list polls;
};

/* Sockets of one channel, over the nodes. */
struct count {
    uint64_t sockets;
    size_t name_len;
    char name[];
};

/* In the list of polls until it is answered.  Nodes are awaited only while the limit runs. */
struct poll {
    struct list node;
    struct counts *counts;
    unsigned worker;
    uint32_t token;     /* the worker's */
    uint64_t own_token; /* towards other nodes */
    enum hub_query kind;
    struct bytes *name;
    size_t awaited;  /* nodes */
    struct map sums; /* name -> struct count, owned */
    struct timer limit;
};

static void
poll_free(struct poll *p)
{
    struct count *n;

    timer_stop(&p->limit);
    list_remove(&p->node);
    for (size_t i = 0; (n = map_next(&p->sums, &i));)
        free(n);
    map_fini(&p->sums);
    bytes_unref(p->name);
    free(p);
}

struct counts *
counts_new(struct loop *l, const struct registry *r,
    void (*on_json)(void *owner, unsigned worker, uint32_t token, struct bytes *json), void *owner)
{
    struct counts *c = mem_zalloc(sizeof(*c));

    c->loop = l;
    c->registry = r;
    c->on_json = on_json;
    c->owner = owner;
    list_init(&c->polls);
    return c;
}

void
counts_attach(struct counts *counts, struct presence *p, struct cluster *c)
{
    ENSURE(!counts->presence && list_empty(&counts->polls));
    counts->presence = p;
    counts->cluster = c;
}

void
counts_free(struct counts *c)
{
    LIST_EACH(node, &c->polls)
        poll_free(LIST_ENTRY(node, struct poll, node));
    free(c);
}

void
counts_sockets(struct counts *c, int change)
{
    c->sockets += change;
    ENSURE(c->sockets >= 0);
}

/* ---- what this node has ---- */

static void
put_count(struct buffer *out, struct str name, uint64_t sockets)
{
    fields_put(out, name);
    fields_put_u64(out, sockets);
}

/* kind comes from the asker: one that only a newer node knows has no counts. */
static void
put_own(const struct counts *c, uint64_t kind, struct str name, struct buffer *out)
{
    const struct registry_channel *channel;

    if (kind == HUB_QUERY_STATUS) {
        put_count(out, STR_LIT(""), (uint64_t)c->sockets);
    } else if (kind == HUB_QUERY_CHANNEL) {
        channel = registry_find(c->registry, name);
        put_count(out, name, channel ? channel->sockets : 0);
    } else if (kind == HUB_QUERY_CHANNELS) {
        for (size_t i = 0; (channel = registry_next(c->registry, &i));) {
            struct str full = bytes_str(channel->name);

            if (channel->sockets > 0 && full.len >= name.len &&
                str_equal(str_slice(full.data, name.len), name))
                put_count(out, full, channel->sockets);
        }
    }
}

static void
counts_on_question(void *owner, const struct cluster_question *q)
{
    struct counts *c = owner;
    struct buffer body = { 0 };

    put_own(c, q->kind, q->name, &body);
    cluster_answer(c->cluster, q, buffer_str(&body));
    buffer_fini(&body);
}

/* ---- sums ---- */

static void
poll_add(struct poll *p, struct str body)
{
    struct str name;
    uint64_t sockets;

    while (fields_take(&body, &name) && fields_take_u64(&body, &sockets)) {
        struct count *n = map_get(&p->sums, name);

        if (!n) {
            n = mem_zalloc(sizeof(*n) + name.len);
            n->name_len = name.len;
            if (name.len > 0)
                memcpy(n->name, name.data, name.len);
            map_put(&p->sums, str_slice(n->name, n->name_len), n);
        }
        n->sockets += sockets;
    }
}

static unsigned long long
sum_of(const struct poll *p, struct str name)
{
    const struct count *n = map_get(&p->sums, name);

    return n ? n->sockets : 0;
}

/* ---- answers ---- */

static void
put_json_channels(const struct poll *p, struct buffer *out)
{
    const struct count *n;
    const char *before = "";

    buffer_append_text(out, "\"channels\":{");
    for (size_t i = 0; (n = map_next(&p->sums, &i)); before = ",") {
        buffer_append_text(out, before);
        json_scan_quote(str_slice(n->name, n->name_len), out);
        buffer_printf(out, ":{\"subscription_count\":%llu,\"occupied\":true}",
            (unsigned long long)n->sockets);
    }
    buffer_append_char(out, '}');
}

/* The owner is a poll; r is NULL unless its channel is a presence channel. */
static void
poll_answer(void *owner, struct replica *r)
{
    struct poll *p = owner;
    struct counts *c = p->counts;
    unsigned long long sockets = sum_of(p, bytes_str(p->name));
    const char *redis = "off";
    struct buffer out = { 0 };
    struct bytes *json;

    ENSURE(p->awaited == 0 && !timer_active(&p->limit));
    switch (p->kind) {
    case HUB_QUERY_STATUS:
        buffer_printf(&out, "\"subscription_count\":%llu", sum_of(p, STR_LIT("")));
        break;
    case HUB_QUERY_CHANNELS:
        put_json_channels(p, &out);
        break;
    case HUB_QUERY_CHANNEL:
        buffer_printf(&out, "\"subscription_count\":%llu,\"occupied\":%s", sockets,
            sockets > 0 ? "true" : "false");
        if (r)
            buffer_printf(&out, ",\"user_count\":%zu", replica_users(r));
        break;
    case HUB_QUERY_USERS:
        buffer_append_text(&out, "\"users\":");
        if (r)
            replica_users_json(r, &out);
        else
            buffer_append_text(&out, "[]");
        break;
    case HUB_QUERY_HEALTH:
        if (c->cluster)
            redis = cluster_is_connected(c->cluster) ? "connected" : "disconnected";
        buffer_printf(&out, "\"redis\":\"%s\"", redis);
        break;
    }
    json = buffer_to_bytes(&out);
    c->on_json(c->owner, p->worker, p->token, json);
    bytes_unref(json);
    buffer_fini(&out);
    poll_free(p);
}

/* All nodes have answered, or their time is over. */
static void
poll_on_gathered(void *owner)
{
    struct poll *p = owner;
    bool of_one = p->kind == HUB_QUERY_CHANNEL || p->kind == HUB_QUERY_USERS;

    timer_stop(&p->limit);
    p->awaited = 0;
    if (of_one && presence_is(bytes_str(p->name)))
        presence_read(p->counts->presence, bytes_str(p->name), poll_answer, p);
    else
        poll_answer(p, NULL);
}

/* Of a node, which may answer more than once, or too late. */
static void
counts_on_answer(void *owner, uint64_t token, struct str body)
{
    struct counts *c = owner;

    LIST_EACH(node, &c->polls) {
        struct poll *p = LIST_ENTRY(node, struct poll, node);

        if (p->own_token != token || p->awaited == 0)
            continue;
        poll_add(p, body);
        if (--p->awaited == 0)
            poll_on_gathered(p);
        return;
    }
}

struct cluster_respondent
counts_as_respondent(struct counts *c)
{
    return (struct cluster_respondent){ counts_on_question, counts_on_answer, c };
}

/* Users are those of the whole cluster anyway. */
static bool
ask_others(struct poll *p)
{
    struct cluster *cluster = p->counts->cluster;

    if (!cluster || p->kind == HUB_QUERY_USERS || p->kind == HUB_QUERY_HEALTH)
        return false;
    p->awaited = cluster_peers(cluster);
    return cluster_ask(cluster, p->own_token, (uint64_t)p->kind, bytes_str(p->name));
}

void
counts_ask(struct counts *c, unsigned worker, uint32_t token, const struct hub_question *q)
{
    struct poll *p = mem_zalloc(sizeof(*p));
    struct buffer body = { 0 };

    p->counts = c;
    p->worker = worker;
    p->token = token;
    p->own_token = ++c->last_token;
    p->kind = q->kind;
    p->name = bytes_new(q->name.data, q->name.len);
    timer_init(&p->limit, poll_on_gathered, p);
    list_append(&c->polls, &p->node);
    put_own(c, p->kind, bytes_str(p->name), &body);
    poll_add(p, buffer_str(&body));
    buffer_fini(&body);
    if (q->cluster && ask_others(p)) {
        ENSURE(p->awaited > 0);
        timer_start(c->loop, &p->limit, ANSWER_LIMIT_MS);
    } else {
        poll_on_gathered(p);
    }
}
