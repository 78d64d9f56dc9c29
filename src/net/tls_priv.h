/* SPDX-License-Identifier: MIT */
/*
 * tls, for the files of net: the OpenSSL context inside.
 */
#ifndef NET_TLS_PRIV_H
#define NET_TLS_PRIV_H

#include <openssl/ssl.h>

#include "net/tls.h"

SSL_CTX *tls_openssl(const struct tls_context *c);

#endif
