/* SPDX-License-Identifier: MIT */
/*
 * tls_client: what encrypts the connections of a connector.  TLS 1.2 and 1.3.
 */
#ifndef TLS_TLS_CLIENT_H
#define TLS_TLS_CLIENT_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct connector_secure;

/*
 * verify false: any certificate is taken.  ca_path: a PEM file whose certificates are trusted
 * besides the system's store; NULL: none.
 */
MUST_USE struct connector_secure *tls_client_new(
    bool verify, const char *ca_path, struct buffer *error);

/* PEM as text, or the path of a file with it; NULL: none. */
struct tls_client_options {
    bool verify;            /* false: any certificate is taken */
    const char *ca;         /* what is trusted, instead of the system's store */
    const char *cert, *key; /* shown to a server that asks; its chain may follow the certificate */
    const char *passphrase; /* of the key */
};

/* NULL: *error holds one sentence that begins with the name of the member above. */
MUST_USE struct connector_secure *tls_client_from_pem(
    const struct tls_client_options *o, struct buffer *error);

/* Each file and folder that the system's store of authorities is in; the folders are read while
 * peers are verified. */
void tls_client_each_authority(void (*each)(void *owner, const char *path), void *owner);

#endif
