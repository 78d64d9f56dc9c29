/* SPDX-License-Identifier: MIT */
/*
 * auth_target: which application to ask about private channels, and which authorities to trust.
 * Made by the main thread, immutable, shared by the workers as part of a configuration's snapshot.
 */
#ifndef CHANNELS_AUTH_TARGET_H
#define CHANNELS_AUTH_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/str.h"

struct buffer;
struct connector_secure;
struct http_origin;

struct auth_options {
    /* At least one.  Which is asked: see auth_target_choose(). */
    const char *const *hosts;
    size_t host_count;
    const char *endpoint; /* "/broadcasting/auth" */
    bool verify_tls;
    const char *ca_path; /* NULL: the system's store alone */
};

struct auth_target {
    struct auth_options options;
    struct connector_secure *tls, *tls_loopback; /* NULL when no host needs them */
};

/* o's texts must outlive it.  NULL: *error is one sentence that names the option.  Blocks. */
MUST_USE struct auth_target *auth_target_new(const struct auth_options *o, struct buffer *error);
void auth_target_free(struct auth_target *t);

/*
 * The host to ask, after the Referer of the handshake: no Referer, the first; else the entry that
 * equals its scheme://host, its host, or is a ".example.com" at the end of its host name (then
 * the Referer's own scheme and host, at the default port or at that of ".example.com:8443"); no
 * match, the last.  False: the choice is not a URL.
 */
bool auth_target_choose(
    const char *const *hosts, size_t count, struct str referer, struct http_origin *out);

#endif
