/* SPDX-License-Identifier: MIT */
/*
 * redis_masters: the nodes of a cluster that commands go to, a contact to each, and which of them
 * has which slots.  It knows what to say to each node, and not what a loss means.
 */
#ifndef REDIS_REDIS_MASTERS_H
#define REDIS_REDIS_MASTERS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/list.h"
#include "base/str.h"
#include "redis_slots.h"

struct bytes;
struct loop;
struct redis_contact;
struct redis_masters;
struct redis_settings;
struct redis_value;

struct redis_masters_handlers {
    /* Another contact is open. */
    void (*on_open)(void *owner);
    /* A node is lost, or no longer answers. */
    void (*on_lost)(void *owner, const char *reason);
};

/* Owned by the list of masters. */
struct redis_masters_node {
    struct list node;
    struct redis_masters *masters;
    char *host;
    unsigned port;
    struct redis_contact *contact;
    unsigned unanswered; /* beats */
    bool wanted;         /* while the list is made anew */
};

/* Embedded; not moved after redis_masters_init(). */
struct redis_masters {
    struct loop *loop;
    struct redis_settings *settings;
    const struct redis_masters_handlers *handlers;
    void *owner;
    struct redis_slots slots;
    struct redis_masters_node *of_master[REDIS_SLOTS_COUNT]; /* in the order of slots.masters */
    struct list nodes;   /* the masters, and nodes that only a redirection named */
    struct list lessons; /* requests that each node must have had */
};

/* All zero before; s must outlive it. */
void redis_masters_init(struct redis_masters *all, struct loop *l, struct redis_settings *s,
    const struct redis_masters_handlers *h, void *owner);
/* Closes the contacts; no handler is called any more. */
void redis_masters_fini(struct redis_masters *all);

/* Take over the order of an answer to CLUSTER SLOTS that host gave, and open what is missing.
 * False: it is not such an answer, or has gaps. */
MUST_USE bool redis_masters_arrange(
    struct redis_masters *all, const struct redis_value *slots, const char *host);
bool redis_masters_all_open(const struct redis_masters *all);
/* PING each node; one that has left several unanswered is lost. */
void redis_masters_beat(struct redis_masters *all);
/* Send request to each node but one, and to those that come later. */
void redis_masters_teach(
    struct redis_masters *all, struct bytes *request, const struct redis_contact *but);

/* NULL: it is not known. */
struct redis_masters_node *redis_masters_find(
    const struct redis_masters *all, struct str host, unsigned port);
struct redis_masters_node *redis_masters_add(
    struct redis_masters *all, struct str host, unsigned port);
struct redis_masters_node *redis_masters_owner(const struct redis_masters *all, unsigned slot);

#endif
