/* SPDX-License-Identifier: MIT */
/*
 * check_auth: one request to each host; a table says what each answer means to somebody who has no
 * session and asks for a channel that nobody defines.
 */
#include "check_auth.h"

#include "check_report.h"
#include "config/config.h"
#include "server/probe.h"

static const struct meaning {
    unsigned first, last; /* of the status */
    enum check_level level;
    const char *text;
} meanings[] = {
    { 200, 200, CHECK_WARNING,
        "admits anybody to a private channel that nobody defines: is authEndpoint the broadcasting "
        "route of the application, and routes/channels.php strict?" },
    { 301, 308, CHECK_ERROR,
        "redirects: set authHost to the URL that it leads to (https, or the right host), and "
        "authEndpoint to a route that does not send guests to a login page" },
    { 401, 401, CHECK_OK, "answers guests as it should" },
    { 403, 403, CHECK_OK, "answers guests as it should" },
    { 404, 404, CHECK_ERROR,
        "the route is not there: register it with Broadcast::routes() (php artisan "
        "install:broadcasting since Laravel 11), or set authEndpoint to its path" },
    { 405, 405, CHECK_ERROR,
        "the route takes no POST: set authEndpoint to the path of the broadcasting route" },
    { 419, 419, CHECK_OK, "answers guests as it should" },
    { 429, 429, CHECK_WARNING,
        "limits the rate of requests: exempt the broadcasting route from throttling" },
    { 500, 501, CHECK_ERROR, "the application fails: see its storage/logs/laravel.log" },
    { 502, 504, CHECK_ERROR,
        "the web server has no application behind it, or it is in maintenance (php artisan up)" },
};

static const struct meaning *
meaning_of(unsigned status)
{
    static const struct meaning unusual = { 0, 0, CHECK_WARNING,
        "an unusual answer: is authEndpoint the broadcasting route of the application?" };

    for (size_t i = 0; i < COUNT_OF(meanings); i++)
        if (status >= meanings[i].first && status <= meanings[i].last)
            return &meanings[i];
    return &unusual;
}

static void
check_host(struct check_report *r, const struct config *c, const char *where, size_t host)
{
    const char *url = c->auth_hosts.items[host];
    const struct meaning *m;
    struct probe_auth answer = { 0 };

    probe_auth(c, host, &answer);
    m = meaning_of(answer.status);
    if (answer.status > 0)
        check_report_say(r, m->level, "%s: authHost: POST %s%s: status %u: %s", where, url,
            c->auth_endpoint, answer.status, m->text);
    else
        check_report_say(r, CHECK_ERROR,
            "%s: authHost: POST %s%s: %.*s; start the application, or set authHost to its URL as "
            "this machine reaches it",
            where, url, c->auth_endpoint, STR_ARG(buffer_str(&answer.cause)));
    buffer_fini(&answer.cause);
}

/* An entry without a scheme stands for pages' own hosts: there is nobody to ask before they come.
 */
void
check_auth(struct check_report *r, const struct config *c, const char *where)
{
    for (size_t i = 0; i < c->auth_hosts.count; i++)
        if (str_contains(str_of(c->auth_hosts.items[i]), "://"))
            check_host(r, c, where, i);
}
