/* SPDX-License-Identifier: MIT */
/*
 * tls_pem: PEM files.  They are read whole, so that every error names its file, and so that OpenSSL
 * never asks the terminal for a passphrase.
 */
#ifndef NET_TLS_PEM_H
#define NET_TLS_PEM_H

#include <openssl/bio.h>

struct buffer;

/* The content of a file, in *content, which outlives the BIO; NULL with a sentence, in which what
 * names its kind. */
BIO *tls_pem_open(const char *path, const char *what, struct buffer *content, struct buffer *error);
/* Of the first error that OpenSSL noted. */
const char *tls_pem_reason(void);

#endif
