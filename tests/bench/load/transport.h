/* SPDX-License-Identifier: MIT */
/*
 * transport: how Engine.IO packets travel: WebSocket frames or the bodies of HTTP.
 */
#ifndef LOAD_TRANSPORT_H
#define LOAD_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

struct client;

struct transport {
    /* The link is ready: ask for a session. */
    bool (*begin)(struct client *c);
    /* Takes what is whole and gives its length. */
    size_t (*take)(struct client *c, const char *data, size_t len);
    /* Sends one packet. */
    bool (*say)(struct client *c, const char *packet, size_t len);
};

extern const struct transport transport_websocket;
extern const struct transport transport_polling;

#endif
