/* SPDX-License-Identifier: MIT */
/*
 * check: one part after the other.  A part whose configuration is wrong is not tried: the defaults
 * would be blamed, which the operator never asked for.
 */
#include "command.h"

#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "base/mem.h"
#include "check_laravel.h"
#include "check_report.h"
#include "config/config.h"
#include "instance/place.h"
#include "sandbox/cage.h"
#include "server/probe.h"
#include "server/resources.h"

/* ---- the configuration ---- */

static void
on_finding(void *owner, enum config_severity severity, const char *line)
{
    static const enum check_level levels[] = {
        [CONFIG_NOTE] = CHECK_NOTE,
        [CONFIG_WARNING] = CHECK_WARNING,
        [CONFIG_ERROR] = CHECK_ERROR,
    };

    check_report_say(owner, levels[severity], "%s", line);
}

/* What can be understood, after everything that is wrong was reported; NULL: nothing can. */
static struct config *
load_leniently(struct check_report *r, const struct args *a, const char *file)
{
    struct config_setting port = { "port", a->port, "--port" };
    struct config *c = config_load(&(struct config_request){ .file = file,
        .settings = &port,
        .setting_count = a->port ? 1 : 0,
        .lenient = true,
        .say = on_finding,
        .owner = r });

    if (r->counts[CHECK_ERROR] > 0 && !config_is_readable(file)) {
        config_free(c);
        return NULL;
    }
    if (r->counts[CHECK_ERROR] == 0 && r->counts[CHECK_WARNING] == 0)
        check_report_say(r, CHECK_OK, "%s: every option is understood", file);
    return c;
}

/* ---- the machine ---- */

static void
check_port(struct check_report *r, const struct config *c)
{
    const char *host = c->host ? c->host : "*";
    struct buffer why = { 0 };
    pid_t pid;

    switch (probe_port(c, &pid, &why)) {
    case PROBE_PORT_FREE:
        check_report_say(r, CHECK_OK, "%s: port: %s:%u is free", c->file, host, (unsigned)c->port);
        break;
    case PROBE_PORT_OURS:
        check_report_say(r, CHECK_NOTE,
            "%s: port: a server is already running at %s:%u, process %d%s; `start` waits for it or "
            "is refused, `stop` ends it, `start --force` takes its place",
            c->file, host, (unsigned)c->port, (int)pid, pid ? "" : " (in another PID namespace)");
        break;
    case PROBE_PORT_STRANGER:
        check_report_say(r, CHECK_ERROR, "%s: port: %.*s", c->file, STR_ARG(buffer_str(&why)));
        break;
    case PROBE_PORT_BAD_HOST:
        check_report_say(r, CHECK_ERROR, "%s: host: %.*s", c->file, STR_ARG(buffer_str(&why)));
        break;
    }
    buffer_fini(&why);
}

enum { FEW_CONNECTIONS = 5000 };

static void
check_limits(struct check_report *r, const struct config *c)
{
    size_t descriptors = resources_descriptors();
    size_t room = resources_room(c, descriptors, resources_workers(c));
    struct buffer why = { 0 };

    if (!resources_fit(c, descriptors, &why))
        check_report_say(r, CHECK_ERROR, "%.*s", STR_ARG(buffer_str(&why)));
    else if (c->max_connections > room)
        check_report_say(r, CHECK_WARNING,
            "%s: maxConnections is %llu, but the limit of descriptors here is %zu, which is enough "
            "for %zu; raise it (LimitNOFILE= of the service, ulimit -n, minfds of supervisor)",
            c->file, (unsigned long long)c->max_connections, descriptors, room);
    else if (c->max_connections == 0 && room < FEW_CONNECTIONS)
        check_report_say(r, CHECK_WARNING,
            "maxConnections: the limit of descriptors here is %zu, which is enough for %zu "
            "connections; raise it (LimitNOFILE= of the service, ulimit -n, minfds of supervisor)",
            descriptors, room);
    else
        check_report_say(r, CHECK_OK, "maxConnections: %zu descriptors, enough for %zu connections",
            descriptors, c->max_connections ? (size_t)c->max_connections : room);
    buffer_fini(&why);
}

static void
check_sandbox(struct check_report *r, const struct config *c)
{
    const char *parts = cage_offered();

    if (!c->sandbox)
        check_report_say(
            r, CHECK_NOTE, "%s: sandbox: it is off; this machine has %s", c->file, parts);
    else if (strstr(parts, "seccomp") && strstr(parts, "Landlock"))
        check_report_say(r, CHECK_OK, "sandbox: this machine has %s", parts);
    else
        check_report_say(r, CHECK_NOTE,
            "sandbox: this machine has only %s: seccomp needs Linux 4.17 on x86-64 or ARM64, "
            "Landlock 5.13, and a container's own filter must admit them",
            parts);
}

static void
check_redis(struct check_report *r, const struct config *c)
{
    struct buffer why = { 0 };

    if (!resources_redis(c))
        return;
    if (probe_redis(c, &why))
        check_report_say(
            r, CHECK_OK, "%s: databaseConfig.redis: connected, may subscribe", c->file);
    else
        check_report_say(
            r, CHECK_ERROR, "%s: databaseConfig.redis: %.*s", c->file, STR_ARG(buffer_str(&why)));
    buffer_fini(&why);
}

/* ---- the application ---- */

/* What each answer to a guest who asks for an undefined channel means. */
static const struct meaning {
    unsigned first, last; /* of the status */
    enum check_level level;
    const char *text;
} meanings[] = {
    { 200, 200, CHECK_WARNING,
        "lets guests into a private channel that is not defined: is authEndpoint the application's "
        "broadcasting route, and does routes/channels.php check users?" },
    { 301, 308, CHECK_ERROR,
        "redirects: set authHost to the URL that it leads to (https, or the right host), and "
        "authEndpoint to a route that does not send guests to a login page" },
    { 401, 401, CHECK_OK, "answers guests as it should" },
    { 403, 403, CHECK_OK, "answers guests as it should" },
    { 404, 404, CHECK_ERROR,
        "there is no such route: register it with Broadcast::routes() (php artisan "
        "install:broadcasting since Laravel 11), or set authEndpoint to its path" },
    { 405, 405, CHECK_ERROR,
        "the route does not accept POST: set authEndpoint to the path of the broadcasting route" },
    { 419, 419, CHECK_OK, "answers guests as it should" },
    { 429, 429, CHECK_WARNING,
        "limits the rate of requests: exempt the broadcasting route from throttling" },
    { 500, 501, CHECK_ERROR, "the application failed: see its storage/logs/laravel.log" },
    { 502, 504, CHECK_ERROR,
        "the web server cannot reach the application, or it is in maintenance mode (php artisan "
        "up)" },
};

static void
check_host(struct check_report *r, const struct config *c, size_t host)
{
    const char *url = c->auth_hosts.items[host];
    static const struct meaning unusual = { 0, 0, CHECK_WARNING,
        "an unusual answer: is authEndpoint the application's broadcasting route?" };
    const struct meaning *m = &unusual;
    struct probe_auth answer = { 0 };

    probe_auth(c, host, &answer);
    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (answer.status >= meanings[i].first && answer.status <= meanings[i].last)
            m = &meanings[i];
    if (answer.status > 0)
        check_report_say(r, m->level, "%s: authHost: POST %s%s: status %u: %s", c->file, url,
            c->auth_endpoint, answer.status, m->text);
    else
        check_report_say(r, CHECK_ERROR,
            "%s: authHost: POST %s%s: %.*s; start the application, or set authHost to the URL at "
            "which this machine reaches it",
            c->file, url, c->auth_endpoint, STR_ARG(buffer_str(&answer.cause)));
    buffer_fini(&answer.cause);
}

/* An entry without a scheme stands for the host of the page: there is no page to go by yet. */
static void
check_auth(struct check_report *r, const struct config *c)
{
    for (size_t i = 0; i < c->auth_hosts.count; i++)
        if (str_contains(str_of(c->auth_hosts.items[i]), "://"))
            check_host(r, c, i);
}

/* ---- all of it ---- */

/* The application's folder: that of the configuration file, or else the current one. */
static char *
folder_of(const struct args *a, const char *file)
{
    const char *slash = strrchr(file, '/');

    if (slash)
        return mem_copy_text(file, slash == file ? 1 : (size_t)(slash - file));
    return mem_strdup(a->dir ? a->dir : "");
}

static void
check_parts(struct check_report *r, const struct args *a, const struct config *c)
{
    char *folder = folder_of(a, c->file);
    struct buffer why = { 0 };
    /* Decided before the parts add errors of their own. */
    bool address = !check_report_blames(r, "port") && !check_report_blames(r, "host");
    bool redis = !check_report_blames(r, "databaseConfig");
    bool auth = !check_report_blames(r, "auth");
    bool tls = !check_report_blames(r, "ssl") && !check_report_blames(r, "protocol") &&
               !check_report_blames(r, "certificates");

    if (tls && !probe_tls(c, on_finding, r, &why))
        check_report_say(r, CHECK_ERROR, "%.*s", STR_ARG(buffer_str(&why)));
    if (address)
        check_port(r, c);
    check_limits(r, c);
    check_sandbox(r, c);
    if (redis) {
        check_redis(r, c);
        check_laravel(r, c, folder);
    }
    if (auth)
        check_auth(r, c);
    if (config_list_has(&c->allowed_origins, "*") && config_list_has(&c->origins, "*:*"))
        check_report_say(r, CHECK_NOTE,
            "%s: allowedOrigins is \"*\": pages of every origin may connect; to restrict this, "
            "name yours, like \"https://example.com\"",
            c->file);
    buffer_fini(&why);
    free(folder);
}

static void
check_file(struct check_report *r, const struct args *a, const struct place *p)
{
    struct config *c = NULL;

    if (!p->file)
        check_report_say(r, CHECK_ERROR,
            "there is no echo-server.json or laravel-echo-server.json in %s: write one with "
            "`echo-server init`, or name one with --config",
            a->dir ? a->dir : "this folder");
    else if (!p->exists)
        check_report_say(r, CHECK_ERROR,
            "%s: there is no such configuration file: write it with `echo-server init`, or name "
            "another one with --config",
            p->file);
    else
        c = load_leniently(r, a, p->file);
    if (c)
        check_parts(r, a, c);
    config_free(c);
}

int
check_run(const struct args *a)
{
    struct check_report r = { 0 };
    struct place p;
    bool failed;

    place_init(&p, a->dir, a->config);
    check_file(&r, a, &p);
    check_report_sum(&r);
    failed = r.counts[CHECK_ERROR] > 0;
    place_fini(&p);
    buffer_fini(&r.errors);
    return failed ? EXIT_FAILED : EXIT_DONE;
}
