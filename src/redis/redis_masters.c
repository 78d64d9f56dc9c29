/* SPDX-License-Identifier: MIT */
/*
 * redis_masters: the nodes of a cluster that commands go to.
 */
#include "redis_masters.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "redis_contact.h"
#include "redis_reason.h"
#include "redis_request.h"
#include "redis_settings.h"

/* Of beats, before a node is taken for dead. */
enum { UNANSWERED_MAX = 2 };

/* ---- what each node must know ---- */

/* Owned by its list. */
struct lesson {
    struct list node;
    struct bytes *request;
};

void
redis_masters_teach(
    struct redis_masters *all, struct bytes *request, const struct redis_contact *but)
{
    struct lesson *lesson = NULL;

    LIST_EACH(at, &all->lessons) {
        struct lesson *known = LIST_ENTRY(at, struct lesson, node);

        if (str_equal(bytes_str(known->request), bytes_str(request)))
            lesson = known;
    }
    if (!lesson) {
        lesson = mem_alloc(sizeof(*lesson));
        lesson->request = bytes_ref(request);
        list_init(&lesson->node);
        list_append(&all->lessons, &lesson->node);
    }
    LIST_EACH(at, &all->nodes) {
        struct redis_contact *contact = LIST_ENTRY(at, struct redis_masters_node, node)->contact;

        if (contact != but)
            redis_contact_send(contact, request, NULL, NULL);
    }
}

/* ---- nodes ---- */

static void
node_on_open(void *owner, const struct redis_value *answer)
{
    struct redis_masters_node *n = owner;
    struct redis_masters *all = n->masters;

    (void)answer;
    LIST_EACH(at, &all->lessons)
        redis_contact_send(n->contact, LIST_ENTRY(at, struct lesson, node)->request, NULL, NULL);
    all->handlers->on_open(all->owner);
}

static void
node_on_lost(void *owner, const char *reason)
{
    struct redis_masters *all = ((struct redis_masters_node *)owner)->masters;

    all->handlers->on_lost(all->owner, reason);
}

struct redis_masters_node *
redis_masters_find(const struct redis_masters *all, struct str host, unsigned port)
{
    for (const struct list *at = all->nodes.next; at != &all->nodes; at = at->next) {
        struct redis_masters_node *n = CONTAINER_OF(at, struct redis_masters_node, node);

        if (n->port == port && str_is(host, n->host))
            return n;
    }
    return NULL;
}

struct redis_masters_node *
redis_masters_add(struct redis_masters *all, struct str host, unsigned port)
{
    static const struct redis_contact_handlers handlers = { .on_open = node_on_open,
        .on_lost = node_on_lost };
    struct redis_masters_node *n = mem_zalloc(sizeof(*n));

    n->masters = all;
    n->host = mem_copy_text(host.data, host.len);
    n->port = port;
    list_init(&n->node);
    list_append(&all->nodes, &n->node);
    n->contact = redis_contact_open(all->loop, all->settings,
        &(struct redis_contact_options){
            .host = n->host,
            .port = port,
            .limit_ms = redis_settings_short_limit_ms(all->settings),
        },
        &handlers, n);
    return n;
}

static void
node_free(struct redis_masters_node *n)
{
    list_remove(&n->node);
    redis_contact_close(n->contact);
    free(n->host);
    free(n);
}

/* Nothing is under way: nodes without a slot can go. */
bool
redis_masters_arrange(struct redis_masters *all, const struct redis_value *slots, const char *host)
{
    if (!redis_slots_read(&all->slots, slots, host) || !redis_slots_complete(&all->slots))
        return false;
    for (size_t i = 0; i < all->slots.masters.count; i++) {
        const struct redis_settings_node *m = &all->slots.masters.items[i];
        struct redis_masters_node *n = redis_masters_find(all, str_of(m->host), m->port);

        all->of_master[i] = n ? n : redis_masters_add(all, str_of(m->host), m->port);
        all->of_master[i]->wanted = true;
    }
    LIST_EACH(at, &all->nodes) {
        struct redis_masters_node *n = LIST_ENTRY(at, struct redis_masters_node, node);

        if (!n->wanted)
            node_free(n);
        else
            n->wanted = false;
    }
    return true;
}

bool
redis_masters_all_open(const struct redis_masters *all)
{
    for (const struct list *at = all->nodes.next; at != &all->nodes; at = at->next)
        if (!redis_contact_is_open(CONTAINER_OF(at, struct redis_masters_node, node)->contact))
            return false;
    return true;
}

static void
node_on_pong(void *owner, const struct redis_value *reply)
{
    struct redis_masters_node *n = owner;

    (void)reply;
    n->unanswered = 0;
}

void
redis_masters_beat(struct redis_masters *all)
{
    struct bytes *ping = redis_request_new(&STR_LIT("PING"), 1);
    const struct redis_masters_node *dead = NULL;
    char reason[REDIS_REASON_SIZE];

    LIST_EACH(at, &all->nodes) {
        struct redis_masters_node *n = LIST_ENTRY(at, struct redis_masters_node, node);

        if (redis_contact_send(n->contact, ping, node_on_pong, n))
            n->unanswered++;
        if (!dead && n->unanswered > UNANSWERED_MAX)
            dead = n;
    }
    bytes_unref(ping);
    if (!dead)
        return;
    snprintf(reason, sizeof(reason), "%s no longer answers", redis_contact_where(dead->contact));
    all->handlers->on_lost(all->owner, reason);
}

struct redis_masters_node *
redis_masters_owner(const struct redis_masters *all, unsigned slot)
{
    size_t index = all->slots.owner[slot];

    ENSURE(index > 0 && index <= all->slots.masters.count);
    return all->of_master[index - 1];
}

void
redis_masters_init(struct redis_masters *all, struct loop *l, struct redis_settings *s,
    const struct redis_masters_handlers *h, void *owner)
{
    all->loop = l;
    all->settings = s;
    all->handlers = h;
    all->owner = owner;
    list_init(&all->nodes);
    list_init(&all->lessons);
}

void
redis_masters_fini(struct redis_masters *all)
{
    LIST_EACH(at, &all->nodes)
        node_free(LIST_ENTRY(at, struct redis_masters_node, node));
    LIST_EACH(at, &all->lessons) {
        struct lesson *lesson = LIST_ENTRY(at, struct lesson, node);

        bytes_unref(lesson->request);
        free(lesson);
    }
    redis_slots_fini(&all->slots);
}
