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

struct bytes;
struct cluster_question;
struct redis_link;
struct relay;

struct relay_handlers {
    /* Another node said anything at all; called first. */
    void (*on_heard)(void *owner, struct str node);
    /* text is "42[...]"; except len 0: nobody. */
    void (*on_event)(void *owner, struct str channel, struct str text, struct str except);
    void (*on_question)(void *owner, const struct cluster_question *q);
    /* An answer to a question of this node. */
    void (*on_answer)(void *owner, uint64_t token, struct str body);
};

/* link is for commands; strings must outlive it. */
struct relay *relay_new(struct redis_link *link, struct str prefix, struct str node,
    const struct relay_handlers *h, void *owner);
void relay_free(struct relay *r);

/* Something was published at the relay's name. */
void relay_message(struct relay *r, struct str payload);

/* False: Redis is away, nobody hears it. */
bool relay_hello(struct relay *r);
MUST_USE bool relay_event(
    struct relay *r, struct str channel, struct bytes *text, struct str except);
MUST_USE bool relay_ask(struct relay *r, uint64_t token, uint64_t kind, struct str name);
bool relay_answer(struct relay *r, struct str to, uint64_t token, struct str body);

#endif
