/* SPDX-License-Identifier: MIT */
/*
 * redis_command: one command on its way to the node of its key, or to each node.  It keeps its
 * bytes until it is answered, for it may have to be said again elsewhere.  When that is the case
 * its sender knows.
 */
#ifndef REDIS_REDIS_COMMAND_H
#define REDIS_REDIS_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/list.h"
#include "base/str.h"

struct bytes;
struct redis_masters;
struct redis_slots_redirection;
struct redis_value;

/* Owned by its sender. */
struct redis_command {
    struct list node; /* the sender's */
    void *sender;
    struct bytes *request;
    unsigned slot;
    unsigned hops; /* how often it was redirected */
    bool everywhere;
    char *ask_host; /* the node to ask this once; NULL: the owner of the slot */
    unsigned ask_port;
    void (*on_reply)(void *owner, const struct redis_value *reply); /* may be NULL */
    void *owner;
};

/* In no list yet. */
struct redis_command *redis_command_new(const struct str *argv, size_t argc);
/* Takes it out of its list. */
void redis_command_free(struct redis_command *m);
/* Free it and tell its owner, who may do anything. */
void redis_command_answer(struct redis_command *m, const struct redis_value *reply);

/* The next time it goes to that node, which is not the owner of its slot yet. */
void redis_command_ask(
    struct redis_command *m, struct redis_masters *to, const struct redis_slots_redirection *where);
/* on_reply gets m.  False: the contact falls, and m was not sent. */
MUST_USE bool redis_command_send(struct redis_command *m, struct redis_masters *to,
    void (*on_reply)(void *command, const struct redis_value *reply));

#endif
