/* SPDX-License-Identifier: MIT */
/*
 * queries: what the HTTP API tells: status, channels, users, health.
 */
#ifndef API_QUERIES_H
#define API_QUERIES_H

#include "base/str.h"

enum query_kind {
    QUERY_STATUS,
    QUERY_CHANNELS,
    QUERY_CHANNEL,
    QUERY_USERS,
    QUERY_LIVE,
    QUERY_READY,
};

struct api;
struct http_exchange;

/* The caller was allowed; x is taken or answered.  channel: of the path, raw. */
void queries_take(struct api *a, struct http_exchange *x, enum query_kind kind, struct str channel);

#endif
