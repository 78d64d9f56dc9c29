/* SPDX-License-Identifier: MIT */
/*
 * member: who joins a presence channel, from the body of the application's answer:
 * {"channel_data": {"user_id": 1, "user_info": {...}}}, or channel_data as JSON text.  The values
 * stay what the application wrote.  Pure.
 */
#ifndef CHANNELS_MEMBER_H
#define CHANNELS_MEMBER_H

#include "base/attr.h"
#include "base/buffer.h"
#include "base/str.h"

enum member_parse {
    MEMBER_OK,
    MEMBER_NONE, /* there is no member data */
    MEMBER_BAD,  /* there is, but it does not name a user */
};

/* All zero is an empty one; member_fini() in any case. */
struct member {
    struct buffer user; /* the text of user_id: a number's digits, or a string's content */
    struct buffer data; /* the object, with "socketId" as its last member */
    const char *fault;  /* one sentence for the log, when it is BAD */
};

/* socket_id takes the place of a socketId that the application wrote. */
MUST_USE enum member_parse member_read(struct str body, struct str socket_id, struct member *out);
void member_fini(struct member *m);

#endif
