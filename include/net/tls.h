/* SPDX-License-Identifier: MIT */
/*
 * tls: contexts of OpenSSL for servers and clients.  A context is counted and may be shared by
 * threads; it is immutable after creation.  TLS 1.2 and 1.3; no session cache (tickets stay).
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include <stdbool.h>

#include "base/attr.h"

struct buffer;
struct tls_context;

struct tls_server_options {
    const char *cert_path;  /* PEM, the server's certificate, or it and its chain */
    const char *key_path;   /* PEM */
    const char *chain_path; /* PEM, further certificates; NULL: none */
    const char *passphrase; /* of the key; NULL or "": none */
};

/* NULL: *error holds one sentence that names the file and what is wrong with it. */
MUST_USE struct tls_context *tls_server_new(
    const struct tls_server_options *o, struct buffer *error);

/*
 * verify false: any certificate is taken.  ca_path: a PEM file whose certificates are trusted
 * besides the system's store; NULL: none.
 */
MUST_USE struct tls_context *tls_client_new(bool verify, const char *ca_path, struct buffer *error);

struct tls_context *tls_ref(struct tls_context *c);
void tls_unref(struct tls_context *c);

#endif
