/* SPDX-License-Identifier: MIT */
/*
 * cross_checks: TLS, Redis, origins and proxies, the application, and what remains.
 */
#include "cross_checks.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/proxies.h"
#include "base/str.h"
#include "config/config.h"
#include "findings.h"
#include "option_value.h"
#include "options.h"

/*
 * OpenSSL flags that take effect, and those that are always in force (no old version, no
 * compression, no renegotiation) or work around bugs that are long gone.
 */
enum {
    FLAGS_HEEDED = CONFIG_NO_TLS_1_2 | CONFIG_NO_TLS_1_3 | 0x00604000,
    FLAGS_GRANTED = 0x57130850,
};

enum { MEMORY_LEAST = 1 << 20 };

static const char *const version_names[] = { "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3" };

static void
check_pair(const struct config *c, struct findings *f, const char *where)
{
    const char *const missing = "%s: protocol is \"https\", but %s is not set; expected a PEM file";

    if (!c->ssl_cert_path && !c->ssl_key_path && c->certificates.count > 0)
        return;
    if (!c->ssl_cert_path)
        findings_say(f, CONFIG_ERROR, missing, where, "sslCertPath");
    if (!c->ssl_key_path)
        findings_say(f, CONFIG_ERROR, missing, where, "sslKeyPath");
}

static void
check_version(unsigned version, const char *name, struct findings *f, const char *where)
{
    if (version < CONFIG_TLS_1_2)
        findings_say(f, CONFIG_WARNING,
            "%s: %s is \"%s\"; \"TLSv1.2\" is in effect, the oldest supported version", where, name,
            version_names[version]);
}

static void
check_versions(const struct config *c, struct findings *f, const char *where)
{
    bool no_12 = c->min_version > CONFIG_TLS_1_2 || (c->secure_options & CONFIG_NO_TLS_1_2);
    bool no_13 = c->max_version < CONFIG_TLS_1_3 || (c->secure_options & CONFIG_NO_TLS_1_3);

    check_version(c->min_version, "minVersion", f, where);
    check_version(c->max_version, "maxVersion", f, where);
    if (no_12 && no_13)
        findings_say(f, CONFIG_ERROR,
            "%s: minVersion, maxVersion and secureOptions allow neither TLSv1.2 nor TLSv1.3",
            where);
}

/* 2^31 does not fit an enumerator: it works around one of those bugs. */
static void
check_flags(const struct config *c, struct findings *f, const char *where)
{
    const uint64_t granted = (uint32_t)FLAGS_GRANTED | UINT64_C(0x80000000);
    uint64_t unknown = c->secure_options & ~(granted | FLAGS_HEEDED);

    if (unknown)
        findings_say(f, CONFIG_WARNING,
            "%s: secureOptions has flags without effect here, %" PRIu64 "; %" PRIu64
            " is in effect",
            where, unknown, c->secure_options & ~unknown);
}

/* "scheme://host:port", of which scheme and port may be missing. */
static bool
is_origin(struct str entry)
{
    const char *mark = memmem(entry.data, entry.len, "://", 3);

    if (mark)
        entry = str_slice(mark + 3, entry.len - (size_t)(mark + 3 - entry.data));
    if (mark && str_ends(entry, "/"))
        entry.len--;
    return entry.len > 0 && !memchr(entry.data, '/', entry.len) &&
           !memchr(entry.data, ' ', entry.len);
}

static void
check_origins(const struct config *c, struct findings *f, const char *where)
{
    for (size_t i = 0; i < c->allowed_origins.count; i++)
        if (!is_origin(str_of(c->allowed_origins.items[i])))
            findings_say(f, CONFIG_ERROR,
                "%s: allowedOrigins has \"%s\"; expected an origin like "
                "\"https://app.example.com\", "
                "\"*.example.com\" or \"*\"",
                where, c->allowed_origins.items[i]);
}

static void
check_proxies(const struct config *c, struct findings *f, const char *where)
{
    struct buffer error = { 0 };
    struct proxies *p = proxies_new(
        (const char *const *)c->trusted_proxies.items, c->trusted_proxies.count, &error);

    if (!p)
        findings_say(f, CONFIG_ERROR,
            "%s: trustProxy: %.*s; expected true, false, a number, or addresses like "
            "\"10.0.0.0/8\" and \"loopback\"",
            where, STR_ARG(buffer_str(&error)));
    proxies_free(p);
    buffer_fini(&error);
}

static void
check_redis_options(const struct config *c, struct findings *f, const char *where)
{
    if (c->redis_sentinels.count > 0 && c->redis_cluster.count > 0)
        findings_say(f, CONFIG_ERROR,
            "%s: databaseConfig.redis.sentinels and databaseConfig.redis.cluster are both set; "
            "expected one of them",
            where);
    if (c->redis_tls && !c->redis_tls_verify)
        findings_say(f, CONFIG_WARNING,
            "%s: databaseConfig.redis.tls.rejectUnauthorized is false: anyone who answers at its "
            "address gets the password",
            where);
    if (c->redis_sentinel_tls && !c->redis_tls)
        findings_say(f, CONFIG_ERROR,
            "%s: databaseConfig.redis.sentinelTLS is true, but databaseConfig.redis.tls, whose "
            "settings it uses, is not",
            where);
}

static bool
is_url(const char *text)
{
    return str_starts_nocase(str_of(text), "http://") ||
           str_starts_nocase(str_of(text), "https://");
}

/* An authHost that is set to nothing means: where the server itself listens. */
static void
auth_host_is_host(struct config *c, struct findings *f, const char *where)
{
    const struct option *o = options_get("authHost");
    struct buffer url = { 0 };

    if (options_origin(c, o) != ORIGIN_EMPTIED || !c->host)
        return;
    buffer_printf(&url, strchr(c->host, ':') ? "http://[%s]" : "http://%s", c->host);
    option_value_reset(o, &c->auth_hosts, NULL);
    if (option_value_add_entry(o, &c->auth_hosts, buffer_str(&url)))
        findings_say(f, CONFIG_WARNING, "%s: authHost is not set; host is used: %s", where,
            c->auth_hosts.items[0]);
    buffer_fini(&url);
}

/* In a list, entries without a scheme only match a page's host. */
static void
check_auth_hosts(const struct config *c, struct findings *f, const char *where)
{
    const char *only = c->auth_hosts.count == 1 ? c->auth_hosts.items[0] : NULL;

    if (only && !is_url(only))
        findings_say(f, CONFIG_WARNING,
            "%s: authHost is \"%s\", which has no scheme: private channels work only for pages of "
            "that host; expected a URL like \"http://localhost\"",
            where, only);
}

static void
replace_text(char **field, const char *text)
{
    char *copy = mem_strdup(text);

    free(*field);
    *field = copy;
}

/* A path as it goes into the line of a request: with its blanks encoded, without a fragment. */
static void
append_target(struct str endpoint, struct buffer *out)
{
    struct str rest, path = str_cut(endpoint, '#', &rest);

    if (!str_starts(path, "/"))
        buffer_append_char(out, '/');
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.data[i];

        if (c > ' ' && c < 0x7f)
            buffer_append_char(out, (char)c);
        else
            buffer_printf(out, "%%%02X", c);
    }
}

static void
check_auth_endpoint(struct config *c, struct findings *f, const char *where)
{
    struct buffer path = { 0 };

    append_target(str_of(c->auth_endpoint), &path);
    if (!str_is(buffer_str(&path), c->auth_endpoint)) {
        findings_say(f, CONFIG_WARNING,
            "%s: authEndpoint is \"%s\"; taken as \"%.*s\"; expected a path like "
            "\"/broadcasting/auth\"",
            where, c->auth_endpoint, STR_ARG(buffer_str(&path)));
        buffer_append_char(&path, 0);
        replace_text(&c->auth_endpoint, path.data);
    }
    buffer_fini(&path);
}

static void
check_cookie(struct config *c, struct findings *f, const char *where)
{
    for (const char *p = c->cookie_name; *p; p++) {
        if (*p > ' ' && *p < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", *p))
            continue;
        findings_say(f, CONFIG_WARNING,
            "%s: socketio.cookie is \"%s\"; taken as \"io\"; expected a name of letters and digits",
            where, c->cookie_name);
        replace_text(&c->cookie_name, "io");
        return;
    }
}

/* A port that is not valid does not matter to a server that does not use Redis. */
static void
check_redis_port(struct config *c, struct findings *f, const char *where)
{
    const struct option *o = options_get("databaseConfig.redis.port");

    if (c->redis_port != 0)
        return;
    if (c->subscriber_redis)
        findings_value(f, where, o, "not valid, and subscribers.redis is on", NULL);
    option_value_reset(o, &c->redis_port, o->fallback);
}

/* Somebody meant megabytes. */
static void
check_memory(const struct config *c, struct findings *f, const char *where)
{
    if (c->memory_limit > 0 && c->memory_limit < MEMORY_LEAST)
        findings_say(f, CONFIG_ERROR,
            "%s: memoryLimit is %" PRIu64 " bytes, too little to serve anybody; expected %d or "
            "more, or 0 for no limit",
            where, c->memory_limit, MEMORY_LEAST);
}

void
cross_checks_run(struct config *c, struct findings *f, const char *where)
{
    check_redis_options(c, f, where);
    if (c->protocol == CONFIG_HTTPS) {
        check_pair(c, f, where);
        check_versions(c, f, where);
        check_flags(c, f, where);
    }
    check_origins(c, f, where);
    check_proxies(c, f, where);
    auth_host_is_host(c, f, where);
    check_auth_hosts(c, f, where);
    check_auth_endpoint(c, f, where);
    check_cookie(c, f, where);
    check_redis_port(c, f, where);
    check_memory(c, f, where);
    if (!c->subscriber_http && !c->subscriber_redis)
        findings_say(f, CONFIG_WARNING,
            "%s: subscribers.http and subscribers.redis are both false: no event will arrive",
            where);
}
