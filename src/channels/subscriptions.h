/* SPDX-License-Identifier: MIT */
/*
 * subscriptions: those of one client, in their order and found by name.  What is in one is
 * subscription.c's business, which says what the states mean.
 */
#ifndef CHANNELS_SUBSCRIPTIONS_H
#define CHANNELS_SUBSCRIPTIONS_H

#include <stdint.h>

#include "base/list.h"
#include "base/str.h"
#include "channels/rooms.h"

struct auth_ask;
struct bytes;
struct subscriber;

enum subscription_state {
    SUBSCRIPTION_ASKING,
    SUBSCRIPTION_ENTERING,
    SUBSCRIPTION_JOINED,
    SUBSCRIPTION_MEMBER,
};

/* Owned by its client.  The fields are set as the states say: subscription_check(). */
struct subscription {
    struct list node;
    struct subscriber *client;
    struct auth_ask *ask;    /* while ASKING */
    struct bytes *headers;   /* of the ask, and until it is answered; NULL: none */
    struct room_place place; /* while JOINED or MEMBER */
    struct list acks;
    enum subscription_state state;
    uint32_t question;     /* the hub's token of a list that is awaited, or 0 */
    uint32_t member_bytes; /* of its data as a member, which the hub keeps */
    uint32_t name_len;
    char name[];
};

struct str subscriptions_name(const struct subscription *s);
/* NULL: the client has none to that channel. */
struct subscription *subscriptions_find(const struct subscriber *c, struct str channel);
/* The client has none to that channel yet. */
void subscriptions_add(struct subscriber *c, struct subscription *s);
void subscriptions_remove(struct subscriber *c, struct subscription *s);

#endif
