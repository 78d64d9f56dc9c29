/* SPDX-License-Identifier: MIT */
/*
 * redis_greeting: what is said first on a connection.  The PING proves that a Redis is there and
 * that it takes our commands.
 */
#include "redis_link_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/log.h"

/* What stands in the way of the greeting is noted, and told with its last reply. */
static void
note_refusal(struct redis_link *r, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR && r->reason[0] == '\0')
        redis_reason_refused(r->reason, r->where, reply->str);
}

static void
on_auth(redisAsyncContext *c, void *reply, void *unused)
{
    struct redis_link *r = c->data;
    const redisReply *answer = reply;

    (void)unused;
    if (!r || !answer)
        return;
    if (answer->type != REDIS_REPLY_ERROR || !redis_reason_is_needless_password(answer->str)) {
        note_refusal(r, answer);
        return;
    }
    if (!r->warned)
        log_warning("redis asks for no password, the configured one is ignored where=%s",
            LOG_STR(str_of(r->where)));
    r->warned = true;
}

static void
on_select(redisAsyncContext *c, void *reply, void *unused)
{
    struct redis_link *r = c->data;

    (void)unused;
    if (r && reply)
        note_refusal(r, reply);
}

/* A user that may not PING is welcome all the same. */
static bool
is_pong(const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_ERROR)
        return strncmp(reply->str, "NOPERM", 6) == 0;
    return reply->type == REDIS_REPLY_STATUS && strcmp(reply->str, "PONG") == 0;
}

static void
on_pong(redisAsyncContext *c, void *reply, void *unused)
{
    struct redis_link *r = c->data;
    const redisReply *answer = reply;
    char reason[REDIS_REASON_SIZE];

    (void)unused;
    if (!r || !answer || r->state != REDIS_LINK_GREETING)
        return;
    if (!is_pong(answer))
        note_refusal(r, answer);
    if (!is_pong(answer) || r->reason[0]) {
        snprintf(reason, sizeof(reason), "%s is not a Redis server", r->where);
        redis_link_fall(r, reason);
        return;
    }
    redis_link_succeed(r);
}

void
redis_greeting_send(struct redis_link *r)
{
    redisEnableKeepAlive(&r->context->c);
    if (r->password && r->username)
        redisAsyncCommand(r->context, on_auth, NULL, "AUTH %s %s", r->username, r->password);
    else if (r->password)
        redisAsyncCommand(r->context, on_auth, NULL, "AUTH %s", r->password);
    if (r->db > 0)
        redisAsyncCommand(r->context, on_select, NULL, "SELECT %u", r->db);
    redisAsyncCommand(r->context, on_pong, NULL, "PING");
}
