/* SPDX-License-Identifier: MIT */
/*
 * redis_commands: what is said to a cluster.  A command keeps its bytes until it is answered, for
 * it may have to be said again elsewhere.
 */
#include <stdlib.h>

#include "base/bytes.h"
#include "base/mem.h"
#include "redis_cluster_priv.h"
#include "redis_contact.h"
#include "redis_request.h"

/* More redirections of one command than nodes that disagree for a moment make. */
enum { HOPS_MAX = 16 };

/* In one of the cluster's lists, which owns it. */
struct command {
    struct list node;
    struct redis_cluster *cluster;
    struct bytes *request;
    unsigned slot, hops;
    bool everywhere;
    char *ask_host; /* the node to ask this once; NULL: the owner of the slot */
    unsigned ask_port;
    void (*on_reply)(void *owner, const struct redis_value *reply);
    void *owner;
};

/* Owned by the cluster's list. */
struct script {
    struct list node;
    struct bytes *request;
};

static void
command_free(struct command *m)
{
    list_remove(&m->node);
    bytes_unref(m->request);
    free(m->ask_host);
    free(m);
}

/* Behind this nothing may touch the cluster. */
static void
answer(struct command *m, const struct redis_value *reply)
{
    void (*on_reply)(void *owner, const struct redis_value *reply) = m->on_reply;
    void *owner = m->owner;

    command_free(m);
    if (on_reply)
        on_reply(owner, reply);
}

/* ---- scripts ---- */

static void
remember(struct redis_cluster *c, struct bytes *request)
{
    struct script *s;

    for (const struct list *at = c->scripts.next; at != &c->scripts; at = at->next)
        if (str_equal(
                bytes_str(CONTAINER_OF(at, struct script, node)->request), bytes_str(request)))
            return;
    s = mem_alloc(sizeof(*s));
    s->request = bytes_ref(request);
    list_init(&s->node);
    list_append(&c->scripts, &s->node);
}

void
redis_commands_prepare(struct redis_cluster *c, struct redis_contact *contact)
{
    LIST_EACH(at, &c->scripts)
    redis_contact_send(contact, LIST_ENTRY(at, struct script, node)->request, NULL, NULL);
}

/* ---- redirections ---- */

static void
ask_elsewhere(struct command *m, const struct redis_slots_redirection *where)
{
    struct redis_cluster *c = m->cluster;

    free(m->ask_host);
    m->ask_host = mem_copy_text(where->host.data, where->host.len);
    m->ask_port = where->port;
    if (!redis_masters_find(c, where->host, where->port))
        (void)redis_masters_add(c, where->host, where->port);
}

/* Who says that a slot has moved knows where to. */
static void
note_teller(struct redis_cluster *c, unsigned slot)
{
    const struct redis_masters_node *n = redis_masters_owner(c, slot);

    if (c->teller_host)
        return;
    c->teller_host = mem_strdup(n->host);
    c->teller_port = n->port;
}

static void
redirect(struct command *m, const struct redis_slots_redirection *where)
{
    struct redis_cluster *c = m->cluster;

    m->hops++;
    list_remove(&m->node);
    list_append(&c->redirected, &m->node);
    if (where->ask)
        ask_elsewhere(m, where);
    else
        note_teller(c, m->slot);
    redis_cluster_settle(c, true);
}

/* ---- sending ---- */

/* It cannot be answered now; what a node says of itself is a matter of the cluster. */
static bool
is_out_of_order(struct str error)
{
    return str_starts(error, "CLUSTERDOWN") || str_starts(error, "TRYAGAIN") ||
           str_starts(error, "MASTERDOWN") || str_starts(error, "LOADING");
}

static void
fall_by(struct redis_cluster *c, const struct command *m, struct str error)
{
    const struct redis_reason_about about = {
        .where = redis_contact_where(redis_masters_owner(c, m->slot)->contact),
    };
    char reason[REDIS_REASON_SIZE] = "";

    redis_reason_refused(reason, &about, error);
    redis_cluster_fall(c, reason);
}

static void
on_reply(void *owner, const struct redis_value *reply)
{
    struct command *m = owner;
    struct redis_cluster *c = m->cluster;
    struct redis_slots_redirection where;
    bool is_error = reply && reply->kind == REDIS_ERROR;

    if (is_error && c->state < REDIS_CLUSTER_FALLING && m->hops < HOPS_MAX &&
        redis_slots_redirects(reply->text, &where)) {
        redirect(m, &where);
        return;
    }
    if (is_error && is_out_of_order(reply->text)) {
        fall_by(c, m, reply->text);
        reply = NULL;
    }
    list_remove(&m->node);
    redis_cluster_settle(c, false);
    answer(m, reply);
}

static bool
send_to(struct command *m, struct redis_contact *contact)
{
    list_remove(&m->node);
    if (!redis_contact_send(contact, m->request, on_reply, m))
        return false;
    list_append(&m->cluster->under_way, &m->node);
    return true;
}

static bool
send_everywhere(struct command *m)
{
    struct redis_cluster *c = m->cluster;
    struct redis_contact *first = redis_masters_owner(c, m->slot)->contact;

    remember(c, m->request);
    LIST_EACH(at, &c->nodes)
    {
        struct redis_contact *contact = LIST_ENTRY(at, struct redis_masters_node, node)->contact;

        if (contact != first)
            redis_contact_send(contact, m->request, NULL, NULL);
    }
    return send_to(m, first);
}

static bool
send_asking(struct command *m, struct redis_contact *contact)
{
    struct bytes *asking = redis_request_new(&STR_LIT("ASKING"), 1);
    bool sent = redis_contact_send(contact, asking, NULL, NULL);

    bytes_unref(asking);
    return sent && send_to(m, contact);
}

/* False: the contact falls, and with it the cluster. */
static bool
dispatch(struct command *m)
{
    struct redis_cluster *c = m->cluster;
    struct redis_masters_node *asked = NULL;

    if (m->everywhere)
        return send_everywhere(m);
    if (m->ask_host)
        asked = redis_masters_find(c, str_of(m->ask_host), m->ask_port);
    free(m->ask_host);
    m->ask_host = NULL;
    if (asked)
        return send_asking(m, asked->contact);
    return send_to(m, redis_masters_owner(c, m->slot)->contact);
}

static void
keep_waiting(struct redis_cluster *c, struct command *m)
{
    list_remove(&m->node);
    list_append(&c->waiting, &m->node);
}

void
redis_commands_flush(struct redis_cluster *c)
{
    struct list due;

    list_init(&due);
    list_splice(&due, &c->redirected);
    list_splice(&due, &c->waiting);
    LIST_EACH(at, &due)
    {
        struct command *m = LIST_ENTRY(at, struct command, node);

        if (!dispatch(m))
            keep_waiting(c, m); /* to be told that all is lost */
    }
}

/* ---- the owner's side ---- */

/* Of EVALSHA the first key, of all else the second word; a channel is as good as a key. */
static struct str
key_of(const struct str *argv, size_t argc)
{
    size_t at = str_is_nocase(argv[0], "EVALSHA") ? 3 : 1;

    return at < argc ? argv[at] : str_slice("", 0);
}

bool
redis_commands_take(struct redis_cluster *c, const struct str *argv, size_t argc,
    void (*reply_to)(void *owner, const struct redis_value *reply), void *owner)
{
    struct command *m = mem_alloc(sizeof(*m));

    *m = (struct command){
        .cluster = c,
        .request = redis_request_new(argv, argc),
        .slot = redis_slots_of(key_of(argv, argc)),
        .everywhere = str_is_nocase(argv[0], "SCRIPT"),
        .on_reply = reply_to,
        .owner = owner,
    };
    list_init(&m->node);
    if (c->state != REDIS_CLUSTER_OPEN) {
        keep_waiting(c, m);
        return true;
    }
    if (dispatch(m))
        return true;
    command_free(m);
    return false;
}

/* ---- the end ---- */

void
redis_commands_tell_lost(struct redis_cluster *c)
{
    list_splice(&c->under_way, &c->redirected);
    list_splice(&c->under_way, &c->waiting);
    while (!list_empty(&c->under_way) && c->state != REDIS_CLUSTER_CLOSED)
        answer(LIST_ENTRY(c->under_way.next, struct command, node), NULL);
}

static void
free_commands(struct list *l)
{
    LIST_EACH(at, l)
    command_free(LIST_ENTRY(at, struct command, node));
}

void
redis_commands_fini(struct redis_cluster *c)
{
    free_commands(&c->under_way);
    free_commands(&c->redirected);
    free_commands(&c->waiting);
    LIST_EACH(at, &c->scripts)
    {
        struct script *s = LIST_ENTRY(at, struct script, node);

        bytes_unref(s->request);
        free(s);
    }
}
