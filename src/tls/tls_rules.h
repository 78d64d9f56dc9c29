/* SPDX-License-Identifier: MIT */
/*
 * tls_rules: what a context speaks, whatever its certificate.
 */
#ifndef TLS_TLS_RULES_H
#define TLS_TLS_RULES_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/attr.h"
#include "tls/tls_server.h"

/* Of a server or a client: TLS 1.2 and up, no renegotiation, no session cache. */
SSL_CTX *tls_rules_new(const SSL_METHOD *method);
/* Of a server.  False: f says which of the options leaves no version or cipher. */
MUST_USE bool tls_rules_apply(
    SSL_CTX *openssl, const struct tls_server_options *o, struct tls_fault *f);

#endif
