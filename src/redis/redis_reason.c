/* SPDX-License-Identifier: MIT */
/*
 * redis_reason: a table from what Redis says to what there is to do.
 */
#include "redis_reason.h"

#include <stdio.h>
#include <string.h>

#include "base/attr.h"

/* In the order in which they are looked for. */
static const struct {
    const char *text, *before, *after;
} refusals[] = {
    { "protected mode", "", " is in protected mode: it needs a password or a bind address" },
    { "NOAUTH", "NOAUTH: a password is required by ", "" },
    { "WRONGPASS", "wrong password for ", "" },
    { "invalid password", "wrong password for ", "" },
    { "invalid username-password", "wrong password for ", "" },
    { "NOPERM", "the user may not do this at ", "" },
    { "LOADING", "", " is still loading its data" },
    { "MASTERDOWN", "", " has lost its master" },
    { "max number of clients", "", " has too many clients" },
    { "DB index", "", " has no database of that number" },
};

void
redis_reason_refused(char out[REDIS_REASON_SIZE], const char *where, const char *error)
{
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        if (!strstr(error, refusals[i].text))
            continue;
        snprintf(out, REDIS_REASON_SIZE, "%s%s%s", refusals[i].before, where, refusals[i].after);
        return;
    }
    snprintf(out, REDIS_REASON_SIZE, "%s answered with an error", where);
}

void
redis_reason_failed(
    char out[REDIS_REASON_SIZE], const char *where, const redisAsyncContext *c, bool was_ready)
{
    const char *text = c->c.errstr;

    switch (c->c.err) {
    case REDIS_ERR_EOF:
        snprintf(out, REDIS_REASON_SIZE, "%s closed the connection%s", where,
            was_ready ? "" : " before it answered");
        return;
    case REDIS_ERR_PROTOCOL:
    case REDIS_ERR_OOM:
        snprintf(out, REDIS_REASON_SIZE, "%s is not a Redis server", where);
        return;
    case REDIS_ERR_OTHER:
        redis_reason_refused(out, where, text);
        return;
    default:
        break;
    }
    if (strstr(text, "Connection refused"))
        snprintf(out, REDIS_REASON_SIZE, "connection refused by %s", where);
    else
        snprintf(out, REDIS_REASON_SIZE, "the connection to %s failed: %.100s", where, text);
}

bool
redis_reason_is_needless_password(const char *error)
{
    return strstr(error, "without any password") || strstr(error, "no password is set");
}
