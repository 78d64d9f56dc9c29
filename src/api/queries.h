/* SPDX-License-Identifier: MIT */
/*
 * queries: what the HTTP API can be asked: status, channels, users, health.
 */
#ifndef API_QUERIES_H
#define API_QUERIES_H

#include <stdbool.h>

#include "base/str.h"
#include "hub/hub_link.h"

struct api;
struct http_exchange;

struct api_query {
    enum hub_query kind;
    bool ready; /* HEALTH for whatever sends clients here: 503 while the server drains */
};

/* Before there are threads. */
void queries_prepare(void);
/* The caller was allowed; x is taken or answered.  channel: of the path, raw. */
void queries_take(
    struct api *a, struct http_exchange *x, struct api_query query, struct str channel);

#endif
