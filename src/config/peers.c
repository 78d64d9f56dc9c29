/* SPDX-License-Identifier: MIT */
/*
 * peers: mistakes about whom the server speaks with, and how.
 */
#include "peers.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/proxies.h"
#include "base/str.h"
#include "config/config.h"
#include "findings.h"

/*
 * Flags of OpenSSL that are heeded, and those whose wish is always granted (no old version, no
 * compression, no renegotiation) or is about faults that are long gone.
 */
enum {
    FLAGS_HEEDED = CONFIG_NO_TLS_1_2 | CONFIG_NO_TLS_1_3 | 0x00604000,
    FLAGS_GRANTED = 0x57130850,
};

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
            "%s: %s is \"%s\"; \"TLSv1.2\" is in effect, the oldest version that is spoken", where,
            name, version_names[version]);
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
            "%s: minVersion, maxVersion and secureOptions leave neither TLSv1.2 nor TLSv1.3",
            where);
}

/* 2^31 does not fit an enumerator: it is one of the faults that are long gone. */
static void
check_flags(const struct config *c, struct findings *f, const char *where)
{
    const uint64_t granted = (uint32_t)FLAGS_GRANTED | UINT64_C(0x80000000);
    uint64_t unknown = c->secure_options & ~(granted | FLAGS_HEEDED);

    if (unknown)
        findings_say(f, CONFIG_WARNING,
            "%s: secureOptions holds flags without a meaning here, %" PRIu64 "; %" PRIu64
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

void
peers_check(const struct config *c, struct findings *f, const char *where)
{
    if (c->protocol == CONFIG_HTTPS) {
        check_pair(c, f, where);
        check_versions(c, f, where);
        check_flags(c, f, where);
    }
    check_origins(c, f, where);
    check_proxies(c, f, where);
}
