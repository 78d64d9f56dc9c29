/* SPDX-License-Identifier: MIT */
/*
 * api: the HTTP interface of the port: `GET /`, the health of the server, and `/apps/:id/...` for
 * clients with a key.  The worker's thread only.
 */
#ifndef API_API_H
#define API_API_H

#include <stdbool.h>
#include <stddef.h>

struct api;
struct http_exchange;
struct http_request;
struct hub_link;
struct proxies;

struct api_client {
    const char *app_id, *key;
};

/* Owned by the caller, immutable while it is set. */
struct api_limits {
    const struct api_client *clients;
    size_t client_count;
    size_t body_bytes; /* of POST events */
    bool events;       /* subscribers.http: posting events is served */
    /* apiOriginAllow and headers: complete lines "Name: value\r\n"; "" when none. */
    const char *cors_headers;
    const char *extra_headers;
    const struct proxies *proxies; /* believed about a client's address; NULL: none */
    bool dev_mode;
};

struct api *api_open(struct hub_link *hub, const struct api_limits *limits);
void api_set_limits(struct api *a, const struct api_limits *limits);
/* The server ends: it is not ready for more from now on. */
void api_drain(struct api *a);
void api_close(struct api *a);

/* An http_service. */
bool api_offer(void *api, struct http_exchange *x, const struct http_request *r);

#endif
