/* SPDX-License-Identifier: MIT */
/*
 * tls_bio: OpenSSL's way to bytes that somebody else owns.
 *
 * Memory BIOs would keep 17-47 kB a connection; this one keeps nothing.  It reads what lies in
 * one piece of memory and writes to another, both lent for the length of one call.
 */
#ifndef TLS_TLS_BIO_PRIV_H
#define TLS_TLS_BIO_PRIV_H

#include <openssl/bio.h>
#include <stddef.h>

struct tls_io {
    const char *in; /* ciphertext that OpenSSL has not read yet */
    size_t in_len;
    char *out; /* room for ciphertext; NULL: none */
    size_t out_len, out_size;
};

/* io must outlive the BIO. */
BIO *tls_bio_new(struct tls_io *io);

#endif
