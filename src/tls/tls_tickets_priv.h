/* SPDX-License-Identifier: MIT */
/*
 * tls_tickets, for the files of this layer.
 */
#ifndef TLS_TLS_TICKETS_PRIV_H
#define TLS_TLS_TICKETS_PRIV_H

#include <openssl/ssl.h>

#include "tls/tls_tickets.h"

/* The context of a server gives tickets, and takes them back. */
void tls_tickets_apply(SSL_CTX *openssl);

#endif
