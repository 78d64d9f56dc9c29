/* SPDX-License-Identifier: MIT */
/*
 * tls_server, for the files of tls: the context.
 */
#ifndef TLS_TLS_SERVER_PRIV_H
#define TLS_TLS_SERVER_PRIV_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "tls/tls_server.h"

struct tls_context {
    SSL_CTX *openssl;
    atomic_uint refs;
    struct tls_certificate *certificates; /* in the order of the pairs */
    size_t certificate_count;
};

#endif
