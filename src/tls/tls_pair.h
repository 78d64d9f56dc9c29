/* SPDX-License-Identifier: MIT */
/*
 * tls_pair: a certificate, its chain and its key, read from files and found to fit.
 */
#ifndef TLS_TLS_PAIR_H
#define TLS_TLS_PAIR_H

#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/attr.h"
#include "tls/tls_server.h"

/* All zero is none. */
struct tls_loaded {
    X509 *own;
    STACK_OF(X509) * chain;
    EVP_PKEY *key;
    char *path;   /* of the certificate */
    char **names; /* the hosts it is for, in lower case; may be "*.a.test"; none: no host by name */
    size_t name_count;
    char *passed_over; /* see struct tls_certificate */
};

/* False: f's sentence and part are filled, and *out is empty.  Blocks. */
MUST_USE bool tls_pair_load(
    const struct tls_pair *pair, struct tls_loaded *out, struct tls_fault *f);
void tls_pair_fini(struct tls_loaded *l);

/* The private key in a PEM text; NULL: there is none, or passphrase, which may be NULL, does not
 * open it.  *asked: it is encrypted.  Never asks the terminal. */
EVP_PKEY *tls_pair_read_key(BIO *in, const char *passphrase, bool *asked);

#endif
