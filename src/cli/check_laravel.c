/* SPDX-License-Identifier: MIT */
/*
 * check_laravel: prefix, Redis, broadcasting and sessions.
 */
#include "check_laravel.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "check_report.h"
#include "config/config.h"
#include "laravel.h"
#include "laravel_prefix.h"

struct comparison {
    struct check_report *report;
    const struct config *config;
    struct laravel *laravel;
};

static void
compare_prefix(const struct comparison *k)
{
    const char *ours = k->config->key_prefix ? k->config->key_prefix : "";
    const char *why;
    char *theirs = laravel_prefix_ask(laravel_folder(k->laravel), LARAVEL_PREFIX_LIMIT_MS, &why);

    if (!theirs)
        check_report_say(k->report, CHECK_NOTE,
            "%s: databaseConfig.redis.keyPrefix is \"%s\"; Laravel's is not known, because %s: "
            "compare it with config/database.php",
            k->config->file, ours, why);
    else if (strcmp(theirs, ours) == 0)
        check_report_say(k->report, CHECK_OK,
            "%s: databaseConfig.redis.keyPrefix is \"%s\", the same as Laravel's", k->config->file,
            ours);
    else
        check_report_say(k->report, CHECK_ERROR,
            "%s: databaseConfig.redis.keyPrefix is \"%s\", but Laravel's is \"%s\": no event will "
            "arrive; set keyPrefix to \"%s\"",
            k->config->file, ours, theirs, theirs);
    free(theirs);
}

static bool
is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "::1") == 0;
}

/* If either is reached in another way than by host and port, there is nothing to compare. */
static void
compare_redis(const struct comparison *k)
{
    struct laravel_redis theirs = laravel_redis(k->laravel);
    const char *host = theirs.host ? theirs.host : "127.0.0.1";
    unsigned long port = theirs.port ? strtoul(theirs.port, NULL, 10) : 6379;
    const char *ours = k->config->redis_host;
    bool same_host =
        ours && (strcasecmp(ours, host) == 0 || (is_loopback(ours) && is_loopback(host)));

    if (theirs.path || config_is_set(k->config, "databaseConfig.redis.path") ||
        config_is_set(k->config, "databaseConfig.redis.sentinels") ||
        config_is_set(k->config, "databaseConfig.redis.cluster"))
        return;
    if (!ours || (same_host && k->config->redis_port == port))
        return;
    check_report_say(k->report, CHECK_WARNING,
        "%s: databaseConfig.redis is %s:%u, but %s has Redis at %s:%lu: Laravel's events arrive "
        "only from the same one; set host and port to Laravel's",
        k->config->file, ours, (unsigned)k->config->redis_port, laravel_source(k->laravel), host,
        port);
}

static void
compare_broadcasting(const struct comparison *k)
{
    const char *name = "BROADCAST_CONNECTION", *driver = laravel_get(k->laravel, name);

    if (!driver) {
        name = "BROADCAST_DRIVER";
        driver = laravel_get(k->laravel, name);
    }
    if (driver && (strcmp(driver, "log") == 0 || strcmp(driver, "null") == 0))
        check_report_say(k->report, CHECK_WARNING,
            "%s: %s is \"%s\": Laravel sends no event anywhere; set it to \"redis\"",
            laravel_source(k->laravel), name, driver);
}

/* Without the session's cookie in the handshake, every private channel is refused. */
static void
compare_session(const struct comparison *k)
{
    const char *driver = laravel_get(k->laravel, "SESSION_DRIVER");
    const char *path = laravel_get(k->laravel, "SESSION_PATH");
    const char *secure = laravel_get(k->laravel, "SESSION_SECURE_COOKIE");

    if (driver && strcmp(driver, "array") == 0)
        check_report_say(k->report, CHECK_WARNING,
            "%s: SESSION_DRIVER is \"array\", which forgets every session: private channels are "
            "refused; set it to \"file\", \"redis\" or another that keeps them",
            laravel_source(k->laravel));
    if (path && strcmp(path, "/") != 0 && *path)
        check_report_say(k->report, CHECK_WARNING,
            "%s: SESSION_PATH is \"%s\": browsers do not send the session's cookie to %s, and "
            "private channels are refused; set it to \"/\"",
            laravel_source(k->laravel), path, k->config->path);
    if (secure && strcasecmp(secure, "true") == 0 && k->config->protocol == CONFIG_HTTP)
        check_report_say(k->report, CHECK_NOTE,
            "%s: SESSION_SECURE_COOKIE is true and protocol is \"http\": pages must reach the "
            "server through a proxy with https, or private channels are refused",
            laravel_source(k->laravel));
}

void
check_laravel(struct check_report *r, const struct config *c, const char *folder)
{
    struct comparison k = { r, c, laravel_open(folder) };

    if (!k.laravel)
        k.laravel = laravel_open("");
    if (!k.laravel)
        return;
    if (c->subscriber_redis) {
        compare_prefix(&k);
        compare_redis(&k);
        compare_broadcasting(&k);
    }
    compare_session(&k);
    laravel_close(k.laravel);
}
