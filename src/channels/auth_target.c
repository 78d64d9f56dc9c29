/* SPDX-License-Identifier: MIT */
/*
 * auth_target: the options looked at once, for all workers.
 */
#include "channels/auth_target.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "http/http_origin.h"
#include "net/connector.h"
#include "tls/tls_client.h"

static bool
needs_tls(const struct auth_options *o)
{
    for (size_t i = 0; i < o->host_count; i++) {
        if (!str_starts(str_of(o->hosts[i]), "http://"))
            return true; /* without a scheme the Referer's decides */
    }
    return false;
}

static void
say_loopback(const struct auth_options *o)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    struct http_origin origin;

    for (size_t i = 0; i < o->host_count; i++) {
        if (!http_origin_parse(str_of(o->hosts[i]), &origin) || !origin.tls ||
            !http_origin_is_loopback(&origin))
            continue;
        if (!atomic_flag_test_and_set(&said))
            log_notice("authHost is a loopback address, so its certificate is not verified host=%s",
                LOG_STR(str_of(o->hosts[i])));
        return;
    }
}

static bool
options_make_sense(const struct auth_options *o, struct buffer *error)
{
    struct http_origin origin;

    ENSURE(o->host_count > 0);
    for (size_t i = 0; i < o->host_count; i++) {
        struct str host = str_of(o->hosts[i]);

        if (!str_contains(host, "://") || http_origin_parse(host, &origin))
            continue;
        buffer_printf(error, "authHost: \"%s\" is no http or https URL", o->hosts[i]);
        return false;
    }
    if (o->endpoint[0] == '/')
        return true;
    buffer_printf(error, "authEndpoint: \"%s\" must begin with \"/\"", o->endpoint);
    return false;
}

static bool
open_tls(struct auth_target *t, struct buffer *error)
{
    const struct auth_options *o = &t->options;

    if (!needs_tls(o))
        return true;
    if (o->ca_path)
        buffer_append_text(error, "authCaPath: ");
    t->tls = tls_client_new(o->verify_tls, o->ca_path, error);
    if (!t->tls)
        return false;
    buffer_clear(error);
    t->tls_loopback = tls_client_new(false, NULL, error);
    if (o->verify_tls)
        say_loopback(o);
    return t->tls_loopback != NULL;
}

struct auth_target *
auth_target_new(const struct auth_options *o, struct buffer *error)
{
    struct auth_target *t;

    if (!options_make_sense(o, error))
        return NULL;
    t = mem_zalloc(sizeof(*t));
    t->options = *o;
    if (open_tls(t, error))
        return t;
    auth_target_free(t);
    return NULL;
}

void
auth_target_free(struct auth_target *t)
{
    if (!t)
        return;
    connector_secure_unref(t->tls);
    connector_secure_unref(t->tls_loopback);
    free(t);
}
