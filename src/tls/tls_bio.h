/* SPDX-License-Identifier: MIT */
/*
 * tls_bio: how OpenSSL reaches a stream's bytes: it reads one piece of memory and writes to
 * another, both lent to it for a call.
 */
#ifndef TLS_TLS_BIO_H
#define TLS_TLS_BIO_H

#include <openssl/bio.h>
#include <stddef.h>

struct tls_io {
    const char *in; /* ciphertext that OpenSSL has not read yet */
    size_t in_len;
    char *out; /* room for ciphertext; NULL: none */
    size_t out_len, out_size;
};

/* io must outlive it. */
BIO *tls_bio_new(struct tls_io *io);

#endif
