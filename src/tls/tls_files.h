/* SPDX-License-Identifier: MIT */
/*
 * tls_files: which files the paths of a pair stand for, and what is in one.  Blocks.
 *
 * A file is read whole, so that every error names it, and so that OpenSSL never asks the terminal
 * for a passphrase.
 */
#ifndef TLS_TLS_FILES_H
#define TLS_TLS_FILES_H

#include <openssl/bio.h>
#include <stdbool.h>

#include "base/attr.h"
#include "tls/tls_server.h"

/* Files that may belong together; chain NULL: none. */
struct tls_trio {
    char *cert, *key, *chain;
};

struct tls_trios {
    struct tls_trio *items;
    size_t count;
};

/* The most promising first: newest certificate, the key and the chain of the same folder.  False:
 * a pattern matches nothing; f names it. */
MUST_USE bool tls_files_find(
    const struct tls_pair *pair, struct tls_trios *out, struct tls_fault *f);
void tls_files_fini(struct tls_trios *t);

/* The content of a PEM file, in *content, which outlives the BIO; NULL with a sentence, in which
 * what names its kind. */
BIO *tls_files_read(
    const char *path, const char *what, struct buffer *content, struct buffer *error);

#endif
