/* SPDX-License-Identifier: MIT */
/*
 * snapshot: one snapshot of a configuration as the layers take it.  Made by the main thread,
 * immutable, read by every worker.
 */
#ifndef SERVER_SNAPSHOT_H
#define SERVER_SNAPSHOT_H

#include <stddef.h>

#include "api/api.h"
#include "base/attr.h"
#include "channels/auth_target.h"
#include "channels/channels.h"
#include "engine/engine.h"
#include "http/http_conn.h"
#include "hub/hub.h"
#include "pages/pages.h"
#include "socket/sio_server.h"

struct buffer;
struct config;
struct proxies;

struct snapshot {
    unsigned workers;
    size_t descriptors;
    size_t connections;         /* of the process */
    size_t memory;              /* that the process may use: resources_memory() */
    size_t memory_limit;        /* of what peers may make it hold; 0: none */
    size_t address_connections; /* of a worker; 0: any */
    struct http_limits http;
    struct engine_limits engine;
    struct sio_limits sockets;
    struct channels_limits channels; /* the auth share of one worker: snapshot_share() */
    struct api_limits api;
    struct pages_options pages;
    struct auth_options auth_options;
    struct auth_target *auth; /* of snapshot_find_auth() */
    struct hub_options hub;
    uint64_t unclaimed_ms; /* patience with upgrades that no service takes; 0: without end */
    uint64_t shutdown_timeout_ms;
    /* What the texts above point to, besides c. */
    char *path, *cookie_name, *cookie3_attributes, *cookie4_attributes;
    char *cors_headers;
    struct api_client *clients;
    struct proxies *proxies;
};

/* c must outlive it; descriptors is the limit of the process. */
struct snapshot *snapshot_new(const struct config *c, size_t descriptors);
/* For the threads there are, which read previous until now. */
struct snapshot *snapshot_renew(const struct snapshot *previous, const struct config *c);
/* What needs files to be read, by the c that it was made of.  False: *error is one sentence that
 * names the file and the option. */
MUST_USE bool snapshot_find_auth(struct snapshot *l, const struct config *c, struct buffer *error);
void snapshot_free(struct snapshot *l);

/*
 * What worker may use of a number that is divided: the first ones get the remainder, and none
 * gets less than one, since a worker without any could never ask.
 */
size_t snapshot_share(size_t total, unsigned workers, unsigned worker);

#endif
