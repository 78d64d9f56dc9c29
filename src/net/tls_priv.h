/* SPDX-License-Identifier: MIT */
/*
 * tls, for the files of net: what a context is made of.
 */
#ifndef NET_TLS_PRIV_H
#define NET_TLS_PRIV_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "net/tls.h"

struct tls_context {
    SSL_CTX *openssl;
    atomic_uint refs;
    struct tls_certificate *certificates; /* of a server */
    size_t certificate_count;
};

/* TLS 1.2 and up, no renegotiation, no session cache. */
SSL_CTX *tls_make_openssl(const SSL_METHOD *method);
/* openssl is taken over. */
struct tls_context *tls_new(SSL_CTX *openssl);
SSL_CTX *tls_openssl(const struct tls_context *c);

/* Free what tls_server_new() noted of the certificates. */
void tls_server_forget(struct tls_context *c);

#endif
