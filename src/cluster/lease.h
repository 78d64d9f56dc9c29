/* SPDX-License-Identifier: MIT */
/*
 * lease: this node's sign of life in Redis, and what the answers say about the other nodes: which
 * are alive, and which are dead.  The hub's thread only.
 */
#ifndef CLUSTER_LEASE_H
#define CLUSTER_LEASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct lease;
struct loop;
struct scripts;

struct lease_handlers {
    /* Others took this node for dead, or Redis forgot everything: it must say everything again. */
    void (*on_forgotten)(void *owner);
    /* A node is dead; name as in the nodes' sorted set, borrowed. */
    void (*on_dead)(void *owner, struct str name);
    /* lease_retire() took effect, as far as it can. */
    void (*on_retired)(void *owner);
};

struct lease_options {
    struct scripts *scripts;
    struct str node;   /* must outlive the lease */
    uint64_t lease_ms; /* a third of it between beats; 0: 9 s */
};

struct lease *lease_new(
    struct loop *l, const struct lease_options *o, const struct lease_handlers *h, void *owner);
void lease_free(struct lease *v);

/* The link for commands is ready, scripts loaded; or it is not any more. */
void lease_up(struct lease *v);
void lease_down(struct lease *v);
/* A node spoke: it is alive, whatever the last beat said. */
void lease_heard(struct lease *v, struct str node);

/* Other nodes that are alive.  Until the first beat is answered there may be some unknown ones. */
size_t lease_peers(const struct lease *v);
bool lease_is_alone(const struct lease *v);

/*
 * No more beats.  With another node alive the lease ends in grace_ms; the last node takes all nodes
 * for dead (on_dead for each, itself included).  on_retired follows.
 */
void lease_retire(struct lease *v, uint64_t grace_ms);

#endif
