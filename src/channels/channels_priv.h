/* SPDX-License-Identifier: MIT */
/*
 * channels_priv: what the files of this layer share about a worker's channels and a client.
 */
#ifndef CHANNELS_CHANNELS_PRIV_H
#define CHANNELS_CHANNELS_PRIV_H

#include <stdbool.h>

#include "base/budget.h"
#include "base/buffer.h"
#include "base/ensure.h"
#include "base/list.h"
#include "base/texts.h"
#include "channels/auth.h"
#include "channels/channels.h"
#include "net/allowance.h"

struct hub_link;
struct loop;
struct map;
struct rooms;
struct sio_server;
struct sio_socket;

struct channels {
    struct loop *loop;
    struct budget *budget; /* of the loop */
    struct sio_server *sockets;
    struct hub_link *hub;
    struct auth *auth;
    const struct channels_limits *limits;
    struct rooms *rooms;
    struct texts texts;    /* auth.headers of clients */
    struct list paused;    /* clients whose reading waits for the hub */
    struct buffer name;    /* the decoded channel of the event at hand */
    struct buffer payload; /* a client event that came as a string, decoded */
};

/* One connected socket: owned by channels.c, from its connect to its disconnect. */
struct subscriber {
    struct channels *channels;
    struct sio_socket *socket;
    struct auth_line line;
    struct allowance subscribes, whispers;
    struct list subscriptions;
    struct map *by_name; /* the subscriptions, or NULL while they are few */
    unsigned subscription_count;
    unsigned ack_count;      /* acks, and those that wait for the application */
    struct list acks;        /* that wait for the hub */
    uint64_t lists_again_ms; /* until then no member list is sent again */
    struct list paused;      /* in channels->paused, or in no list */
    struct bytes *headers;   /* its last auth.headers, in channels->texts; NULL: none yet */
    size_t held;             /* bytes of subscriptions and acks, counted by the budget as well */
};

/* What is kept for c changes from so many bytes to so many. */
static inline void
subscriber_account(struct subscriber *c, size_t before, size_t now)
{
    ENSURE(c->held >= before);
    c->held = c->held - before + now;
    budget_change(c->channels->budget, before, now);
}

#endif
