/* SPDX-License-Identifier: MIT */
/*
 * redis_greeting: AUTH, SELECT, PING, a question, each where it is needed.  The PING proves that a
 * Redis is there and that it takes our commands; the question comes last.
 */
#include "redis_greeting.h"

#include <stdio.h>

#include "base/bytes.h"
#include "base/ensure.h"
#include "base/log.h"
#include "redis/redis_link.h"
#include "redis_request.h"
#include "redis_settings.h"

enum step { GREETING_AUTH, GREETING_SELECT, GREETING_PING, GREETING_QUESTION, GREETING_OVER };

static const char *
password_of(const struct redis_greeting *g)
{
    return g->sentinel ? g->settings->sentinel_password : g->settings->password;
}

/* The first step from this one on that is needed. */
static enum step
next_step(const struct redis_greeting *g, unsigned from)
{
    const bool needed[] = {
        [GREETING_AUTH] = password_of(g) != NULL,
        [GREETING_SELECT] = g->settings->db > 0 && !g->sentinel,
        [GREETING_PING] = true,
        [GREETING_QUESTION] = g->question != NULL,
        [GREETING_OVER] = true,
    };

    while (!needed[from])
        from++;
    return (enum step)from;
}

/* ---- what is said ---- */

struct bytes *
redis_greeting_next(struct redis_greeting *g)
{
    const struct redis_settings *s = g->settings;
    const char *username = g->sentinel ? s->sentinel_username : s->username;
    enum step step = next_step(g, g->said);
    struct str password;
    char db[16];

    g->said = step + 1;
    switch (step) {
    case GREETING_AUTH:
        password = str_of(password_of(g));
        if (username)
            return redis_request_new(
                (const struct str[]){ STR_LIT("AUTH"), str_of(username), password }, 3);
        return redis_request_new((const struct str[]){ STR_LIT("AUTH"), password }, 2);
    case GREETING_SELECT:
        snprintf(db, sizeof(db), "%u", s->db);
        return redis_request_new((const struct str[]){ STR_LIT("SELECT"), str_of(db) }, 2);
    case GREETING_PING:
        return redis_request_new(&STR_LIT("PING"), 1);
    case GREETING_QUESTION:
        return bytes_ref(g->question);
    case GREETING_OVER:
        break;
    }
    return NULL;
}

/* ---- what is answered ---- */

/* Whether it works without this step; a user that may not PING is welcome all the same. */
static bool
is_forgiven(struct redis_greeting *g, enum step step, struct str error, const char *where)
{
    struct redis_settings *s = g->settings;

    if (step == GREETING_PING)
        return str_starts(error, "NOPERM");
    if (step == GREETING_AUTH && redis_reason_is_needless_password(error)) {
        if (!s->warned_password)
            log_warning("redis asks for no password: the configured one is ignored where=%s",
                LOG_STR(str_of(where)));
        s->warned_password = true;
        return true;
    }
    if (step == GREETING_SELECT && str_contains(error, "cluster mode")) {
        if (!s->warned_db)
            log_warning("redis is a cluster, which has database 0 only: databaseConfig.redis.db "
                        "is ignored where=%s",
                LOG_STR(str_of(where)));
        s->warned_db = true;
        return true;
    }
    return false;
}

enum redis_greeting_result
redis_greeting_take(struct redis_greeting *g, const struct redis_value *v,
    struct redis_reason_about *about, char reason[REDIS_REASON_SIZE])
{
    static const char *const names[] = { "AUTH", "SELECT", "PING" };
    enum step step = next_step(g, g->answered);
    bool is_error = v->kind == REDIS_ERROR;

    ENSURE(step < GREETING_OVER && g->answered < g->said);
    g->answered = step + 1;
    if (step == GREETING_QUESTION)
        return REDIS_GREETING_LET_IN;
    about->action = names[step];
    if (is_error && !is_forgiven(g, step, v->text, about->where))
        redis_reason_refused(reason, about, v->text);
    if (step != GREETING_PING)
        return REDIS_GREETING_MORE;
    if (reason[0] || !(is_error || (v->kind == REDIS_STATUS && str_is(v->text, "PONG"))))
        return REDIS_GREETING_REFUSED;
    return g->question ? REDIS_GREETING_MORE : REDIS_GREETING_LET_IN;
}
