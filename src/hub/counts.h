/* SPDX-License-Identifier: MIT */
/*
 * counts: the answers of the HTTP API: this node's counts from the registry, the cluster's with
 * those that the other nodes send within a second, users from presence.  The hub's thread only.
 */
#ifndef HUB_COUNTS_H
#define HUB_COUNTS_H

#include <stdint.h>

#include "base/str.h"

struct bytes;
struct cluster;
struct counts;
struct hub_question_message;
struct loop;
struct presence;
struct registry;
struct cluster_question;

/* What they are made of; all must outlive it. */
struct counts_sources {
    struct registry *registry;
    struct presence *presence;
    struct cluster *cluster; /* NULL without */
};

struct counts *counts_new(struct loop *l, const struct counts_sources *s,
    void (*on_json)(void *owner, unsigned worker, uint32_t token, struct bytes *json), void *owner);
/* NULL is fine. */
void counts_free(struct counts *c);

/* So many sockets more (or less) on this node. */
void counts_sockets(struct counts *c, int change);
/* on_json follows. */
void counts_ask(struct counts *c, const struct hub_question_message *q);

/* Another node asks, or answers. */
void counts_on_question(struct counts *c, const struct cluster_question *q);
void counts_on_answer(struct counts *c, uint64_t token, struct str body);

#endif
