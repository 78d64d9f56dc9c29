/* SPDX-License-Identifier: MIT */
/*
 * auth_request: the header lines and the body of the question to the application: what of the
 * browser's headers is passed on, and what is ours.  Pure.
 */
#ifndef CHANNELS_AUTH_REQUEST_H
#define CHANNELS_AUTH_REQUEST_H

#include "base/attr.h"
#include "channels/auth.h"

struct buffer;

/* Lines "Name: value\r\n" for http_client_post(), appended. */
MUST_USE enum auth_refusal auth_request_headers(
    const struct auth_question *q, const struct auth_limits *limits, struct buffer *out);
/* channel_name=<form-encoded>, appended. */
void auth_request_body(struct str channel, struct buffer *out);

#endif
