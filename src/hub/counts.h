/* SPDX-License-Identifier: MIT */
/*
 * counts: the answers of the HTTP API: this node's counts from the registry, the cluster's with
 * those that the other nodes send within a second, users from presence.  The hub's thread only.
 */
#ifndef HUB_COUNTS_H
#define HUB_COUNTS_H

#include <stdint.h>

#include "base/str.h"
#include "cluster/cluster.h"

struct bytes;
struct counts;
struct hub_question;
struct loop;
struct presence;
struct registry;

/* r must outlive it. */
struct counts *counts_new(struct loop *l, const struct registry *r,
    void (*on_json)(void *owner, unsigned worker, uint32_t token, struct bytes *json), void *owner);
/* What they are made of as well, before anything is asked; c is NULL without Redis. */
void counts_attach(struct counts *counts, struct presence *p, struct cluster *c);
void counts_free(struct counts *c);

/* So many more sockets (or fewer) on this node. */
void counts_sockets(struct counts *c, int change);
/* on_json follows; q is copied. */
void counts_ask(struct counts *c, unsigned worker, uint32_t token, const struct hub_question *q);

/* What other nodes ask and answer. */
struct cluster_respondent counts_as_respondent(struct counts *c);

#endif
