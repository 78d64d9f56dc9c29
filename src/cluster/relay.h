/* SPDX-License-Identifier: MIT */
/*
 * relay: what nodes say to each other besides presence, published at <prefix>echo-server:relay as
 * fields("1", node, op, ...):
 *
 *   hello                        a node came
 *   event   channel except text  an event for every listener but the socket called except
 *   ask     token kind name      what are your counts?
 *   answer  node token body      these are ours, for that node
 *
 * Nodes ignore what they said themselves, and ops that they do not know.  The hub's thread only.
 */
#ifndef CLUSTER_RELAY_H
#define CLUSTER_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/str.h"
#include "cluster/cluster.h"

struct bytes;
struct lease;
struct redis_link;
struct relay;

struct relay_options {
    struct redis_link *link; /* for commands */
    struct lease *lease;     /* learns of every node that is heard */
    struct str prefix, node; /* must outlive it */
    struct cluster_events events;
    struct cluster_respondent respondent;
};

struct relay *relay_new(const struct relay_options *o);
void relay_free(struct relay *r);

/* Something was published at the relay's name. */
void relay_message(struct relay *r, struct str payload);

/* False: Redis is away, and nothing was sent. */
bool relay_hello(struct relay *r);
MUST_USE bool relay_event(
    struct relay *r, struct str channel, struct bytes *text, struct str except);
MUST_USE bool relay_ask(struct relay *r, uint64_t token, uint64_t kind, struct str name);
bool relay_answer(struct relay *r, struct str to, uint64_t token, struct str body);

#endif
