/* SPDX-License-Identifier: MIT */
/*
 * redis_cluster, for the files that it consists of:
 *
 *   redis_cluster   states, and what falls
 *   redis_masters   the nodes and their contacts, the order of slots
 *   redis_commands  commands: under way, redirected, waiting
 */
#ifndef REDIS_REDIS_CLUSTER_PRIV_H
#define REDIS_REDIS_CLUSTER_PRIV_H

#include "base/list.h"
#include "net/loop.h"
#include "net/timer.h"
#include "redis_cluster.h"
#include "redis_reason.h"
#include "redis_settings.h"
#include "redis_slots.h"

struct bytes;
struct redis_contact;

/*
 *   OPENING --all let us in--> OPEN --redirected--> SETTLING --nothing under way--.
 *      ^                                                                          |
 *      |                        the slots have moved                              |
 *      |<------------ LEARNING <--------------------------------------------------|
 *      `<-------------------------------------------------------------------------'
 *
 * OPENING   contacts come about; commands wait.
 * OPEN      commands go to the owner of their slot.
 * SETTLING  new commands wait for the answers to those under way, for the sake of their order.
 * LEARNING  a node is asked who has which slots.
 * FALLING   given up; the owner has not heard of it yet.
 * CLOSED    the owner is gone.
 */
enum redis_cluster_state {
    REDIS_CLUSTER_OPENING,
    REDIS_CLUSTER_OPEN,
    REDIS_CLUSTER_SETTLING,
    REDIS_CLUSTER_LEARNING,
    REDIS_CLUSTER_FALLING,
    REDIS_CLUSTER_CLOSED,
};

/* Owned by the cluster's list. */
struct redis_masters_node {
    struct list node;
    struct redis_cluster *cluster;
    char *host;
    unsigned port;
    struct redis_contact *contact;
    unsigned unanswered; /* beats */
    bool wanted;         /* while the list is made anew */
};

/* Freed at the end of the turn in which it is closed. */
struct redis_cluster {
    struct loop *loop;
    struct redis_settings *settings;
    const struct redis_cluster_handlers *handlers;
    void *owner;

    enum redis_cluster_state state;
    bool was_open;
    struct timer limit; /* of OPENING and LEARNING */
    struct timer beat;
    struct loop_task fallen;
    char reason[REDIS_REASON_SIZE];

    struct redis_slots slots;
    struct redis_masters_node *of_master[REDIS_SLOTS_COUNT]; /* in the order of slots.masters */
    struct list nodes; /* the masters, and who was named by a redirection alone */
    char *teller_host; /* of the node that knew that slots have moved; NULL: none have */
    unsigned teller_port;

    struct list under_way, redirected, waiting; /* commands */
    struct list scripts;                        /* that each node must have */
};

/* A command was redirected, or answered: see whether the next state is due. */
void redis_cluster_settle(struct redis_cluster *c, bool redirected);
/* Another contact is open: see whether all are. */
void redis_cluster_review(struct redis_cluster *c);

/* Take over the order of an answer to CLUSTER SLOTS that host gave, and open what is missing.
 * False: it is none, or has gaps. */
MUST_USE bool redis_masters_arrange(
    struct redis_cluster *c, const struct redis_value *slots, const char *host);
bool redis_masters_all_open(const struct redis_cluster *c);
/* Prove that each one lives; c falls by one that has left beats unanswered. */
void redis_masters_beat(struct redis_cluster *c);
/* NULL: it is not known. */
struct redis_masters_node *redis_masters_find(
    const struct redis_cluster *c, struct str host, unsigned port);
struct redis_masters_node *redis_masters_add(
    struct redis_cluster *c, struct str host, unsigned port);
struct redis_masters_node *redis_masters_owner(const struct redis_cluster *c, unsigned slot);
void redis_masters_fini(struct redis_cluster *c);

/* Send a command, or let it wait.  False: a contact falls, and with it the cluster. */
MUST_USE bool redis_commands_take(struct redis_cluster *c, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply), void *owner);
/* Send what waits: what was redirected first. */
void redis_commands_flush(struct redis_cluster *c);
/* Say to a new node what each one must know. */
void redis_commands_prepare(struct redis_cluster *c, struct redis_contact *contact);
/* All of them hear NULL, while the owner has not closed c. */
void redis_commands_tell_lost(struct redis_cluster *c);
void redis_commands_fini(struct redis_cluster *c);

#endif
