/* SPDX-License-Identifier: MIT */
/*
 * channels: what Laravel Echo asks for: subscribe, unsubscribe, client events; the rules of public,
 * private and presence channels; the application's word on private ones.
 *
 * The worker's thread only.
 */
#ifndef CHANNELS_CHANNELS_H
#define CHANNELS_CHANNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "channels/auth.h"
#include "net/allowance.h"

struct channels;
struct hub_link;
struct loop;
struct sio_server;

/* Owned by the caller, immutable while it is set. */
struct channels_limits {
    unsigned channels; /* a socket */
    size_t name_bytes;
    struct allowance_rate subscribe_rate, whisper_rate; /* a socket */
    struct allowance_rate address_questions;
    size_t whisper_bytes; /* of the data of one */
    struct auth_limits auth;
    const char *key_prefix; /* for the one log line that names it */
    bool dev_mode;
};

struct channels *channels_open(struct loop *l, struct sio_server *v, struct hub_link *hub,
    struct auth *auth, const struct channels_limits *limits);
void channels_set_limits(struct channels *c, const struct channels_limits *limits);
void channels_close(struct channels *c);

/* What a channel's name says of it. */
enum channel_kind {
    CHANNEL_PUBLIC,
    CHANNEL_PRIVATE,  /* begins with "private-", or holds a marker elsewhere */
    CHANNEL_PRESENCE, /* begins with "presence-" */
};
enum channel_kind channels_kind(struct str name);

#endif
