/* SPDX-License-Identifier: MIT */
/*
 * redis_greeting: what is said first on a connection.  The PING proves that a Redis is there and
 * that it takes our commands; the question comes last.
 */
#include <stdio.h>

#include "base/bytes.h"
#include "base/log.h"
#include "redis_contact_priv.h"
#include "redis_request.h"

static void
on_auth(void *owner, const struct redis_value *reply)
{
    struct redis_contact *c = owner;

    if (!reply || reply->kind != REDIS_ERROR)
        return;
    if (!redis_reason_is_needless_password(reply->text)) {
        redis_contact_note(c, reply->text, "AUTH");
        return;
    }
    if (!c->settings->warned_password)
        log_warning("redis asks for no password, the configured one is ignored where=%s",
            LOG_STR(str_of(c->where)));
    c->settings->warned_password = true;
}

static void
on_select(void *owner, const struct redis_value *reply)
{
    struct redis_contact *c = owner;

    if (!reply || reply->kind != REDIS_ERROR)
        return;
    if (!str_contains(reply->text, "cluster mode")) {
        redis_contact_note(c, reply->text, "SELECT");
        return;
    }
    if (!c->settings->warned_db)
        log_warning("redis is a cluster, which has database 0 alone: databaseConfig.redis.db is "
                    "ignored where=%s",
            LOG_STR(str_of(c->where)));
    c->settings->warned_db = true;
}

/* A user that may not PING is welcome all the same. */
static bool
is_pong(const struct redis_value *reply)
{
    if (reply->kind == REDIS_ERROR)
        return str_starts(reply->text, "NOPERM");
    return reply->kind == REDIS_STATUS && str_is(reply->text, "PONG");
}

static void
on_pong(void *owner, const struct redis_value *reply)
{
    struct redis_contact *c = owner;
    bool good = reply && is_pong(reply);

    if (!reply || c->state != REDIS_CONTACT_GREETING)
        return;
    if (!good && reply->kind == REDIS_ERROR)
        redis_contact_note(c, reply->text, "PING");
    if (!good || c->reason[0])
        redis_contact_fall_strange(c);
    else if (!c->question)
        redis_contact_let_in(c, NULL);
}

static void
on_answer(void *owner, const struct redis_value *reply)
{
    struct redis_contact *c = owner;

    if (reply && c->state == REDIS_CONTACT_GREETING)
        redis_contact_let_in(c, reply);
}

static void
say(struct redis_contact *c, const struct str *argv, size_t argc,
    void (*on_reply)(void *owner, const struct redis_value *reply))
{
    struct bytes *request = redis_request_new(argv, argc);

    redis_contact_ask(c, request, on_reply, c);
    bytes_unref(request);
}

static void
say_auth(struct redis_contact *c)
{
    const struct redis_settings *s = c->settings;
    const char *username = c->sentinel ? s->sentinel_username : s->username;
    const char *password = c->sentinel ? s->sentinel_password : s->password;

    if (password && username)
        say(c, (const struct str[]){ STR_LIT("AUTH"), str_of(username), str_of(password) }, 3,
            on_auth);
    else if (password)
        say(c, (const struct str[]){ STR_LIT("AUTH"), str_of(password) }, 2, on_auth);
}

void
redis_greeting_send(struct redis_contact *c)
{
    char digits[16];

    say_auth(c);
    if (c->settings->db > 0 && !c->sentinel) {
        snprintf(digits, sizeof(digits), "%u", c->settings->db);
        say(c, (const struct str[]){ STR_LIT("SELECT"), str_of(digits) }, 2, on_select);
    }
    say(c, &STR_LIT("PING"), 1, on_pong);
    if (c->question)
        redis_contact_ask(c, c->question, on_answer, c);
}
