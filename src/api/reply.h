/* SPDX-License-Identifier: MIT */
/*
 * reply: what the HTTP API answers, with the configured headers.
 */
#ifndef API_REPLY_H
#define API_REPLY_H

#include "base/str.h"

struct api;
struct http_exchange;
struct http_reply;

void reply_send(const struct api *a, struct http_exchange *x, const struct http_reply *reply);
/* body is JSON. */
void reply_json(const struct api *a, struct http_exchange *x, unsigned status, struct str body);
/* {"error": text} */
void reply_refuse(const struct api *a, struct http_exchange *x, unsigned status, const char *text);

#endif
