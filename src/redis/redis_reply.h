/* SPDX-License-Identifier: MIT */
/*
 * redis_reply: a reply of hiredis as the layers above see it.  Pure.
 */
#ifndef REDIS_REDIS_REPLY_H
#define REDIS_REDIS_REPLY_H

#include <hiredis/hiredis.h>

#include "redis/redis_link.h"

/* Borrows the texts of from. */
void redis_reply_open(const redisReply *from, struct redis_value *out);
void redis_reply_close(struct redis_value *v);

#endif
