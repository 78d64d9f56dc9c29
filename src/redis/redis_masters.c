/* SPDX-License-Identifier: MIT */
/*
 * redis_masters: the nodes of a cluster that commands go to.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "redis_cluster_priv.h"
#include "redis_contact.h"
#include "redis_request.h"

/* Of beats, before a node is taken for dead. */
enum { UNANSWERED_MAX = 2 };

static void
on_open(void *owner, const struct redis_value *answer)
{
    struct redis_masters_node *n = owner;

    (void)answer;
    redis_commands_prepare(n->cluster, n->contact);
    redis_cluster_review(n->cluster);
}

static void
on_lost(void *owner, const char *reason)
{
    struct redis_masters_node *n = owner;

    redis_cluster_fall(n->cluster, reason);
}

struct redis_masters_node *
redis_masters_find(const struct redis_cluster *c, struct str host, unsigned port)
{
    for (const struct list *at = c->nodes.next; at != &c->nodes; at = at->next) {
        struct redis_masters_node *n = CONTAINER_OF(at, struct redis_masters_node, node);

        if (n->port == port && str_is(host, n->host))
            return n;
    }
    return NULL;
}

struct redis_masters_node *
redis_masters_add(struct redis_cluster *c, struct str host, unsigned port)
{
    static const struct redis_contact_handlers handlers = { .on_open = on_open,
        .on_lost = on_lost };
    struct redis_masters_node *n = mem_zalloc(sizeof(*n));

    n->cluster = c;
    n->host = mem_copy_text(host.data, host.len);
    n->port = port;
    list_init(&n->node);
    list_append(&c->nodes, &n->node);
    n->contact = redis_contact_open(c->loop, c->settings,
        &(struct redis_contact_options){
            .host = n->host,
            .port = port,
            .limit_ms = redis_settings_short_limit_ms(c->settings),
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
static void
drop_unwanted(struct redis_cluster *c)
{
    LIST_EACH(at, &c->nodes)
    {
        struct redis_masters_node *n = LIST_ENTRY(at, struct redis_masters_node, node);

        if (!n->wanted)
            node_free(n);
        else
            n->wanted = false;
    }
}

bool
redis_masters_arrange(struct redis_cluster *c, const struct redis_value *slots, const char *host)
{
    if (!redis_slots_read(&c->slots, slots, host) || !redis_slots_complete(&c->slots))
        return false;
    for (size_t i = 0; i < c->slots.masters.count; i++) {
        const struct redis_settings_node *m = &c->slots.masters.items[i];
        struct redis_masters_node *n = redis_masters_find(c, str_of(m->host), m->port);

        c->of_master[i] = n ? n : redis_masters_add(c, str_of(m->host), m->port);
        c->of_master[i]->wanted = true;
    }
    drop_unwanted(c);
    return true;
}

bool
redis_masters_all_open(const struct redis_cluster *c)
{
    for (const struct list *at = c->nodes.next; at != &c->nodes; at = at->next)
        if (!redis_contact_is_open(CONTAINER_OF(at, struct redis_masters_node, node)->contact))
            return false;
    return true;
}

static void
on_pong(void *owner, const struct redis_value *reply)
{
    struct redis_masters_node *n = owner;

    (void)reply;
    n->unanswered = 0;
}

void
redis_masters_beat(struct redis_cluster *c)
{
    struct bytes *ping = redis_request_new(&STR_LIT("PING"), 1);
    char reason[REDIS_REASON_SIZE];

    LIST_EACH(at, &c->nodes)
    {
        struct redis_masters_node *n = LIST_ENTRY(at, struct redis_masters_node, node);

        if (redis_contact_send(n->contact, ping, on_pong, n))
            n->unanswered++;
        if (n->unanswered <= UNANSWERED_MAX)
            continue;
        snprintf(
            reason, sizeof(reason), "%s does not answer any more", redis_contact_where(n->contact));
        redis_cluster_fall(c, reason);
    }
    bytes_unref(ping);
}

struct redis_masters_node *
redis_masters_owner(const struct redis_cluster *c, unsigned slot)
{
    return c->of_master[c->slots.owner[slot] - 1];
}

void
redis_masters_fini(struct redis_cluster *c)
{
    LIST_EACH(at, &c->nodes)
    node_free(LIST_ENTRY(at, struct redis_masters_node, node));
    redis_slots_fini(&c->slots);
}
