/* SPDX-License-Identifier: MIT */
/*
 * texts: what browsers and the HTTP API read of presence.  Members are raw JSON objects and stay as
 * the application encoded them.  Pure.
 */
#ifndef PRESENCE_TEXTS_H
#define PRESENCE_TEXTS_H

#include "base/str.h"

struct buffer;
struct bytes;

/* 42["presence:joining",channel,member] */
struct bytes *texts_joining(struct str channel, struct str member);
/* 42["presence:leaving",channel,member], the member without its socketId. */
struct bytes *texts_leaving(struct str channel, struct str member);
/* Append {"id":user_id,"user_info":user_info}; what the member does not have is left out. */
void texts_user(struct str member, struct buffer *out);

#endif
