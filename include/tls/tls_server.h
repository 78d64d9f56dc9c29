/* SPDX-License-Identifier: MIT */
/*
 * tls_server: what a server needs to encrypt the streams that it accepts.  A context is counted and
 * may be shared by threads; it is immutable after creation.  TLS 1.2 and 1.3; no session cache
 * (tickets stay).
 */
#ifndef TLS_TLS_SERVER_H
#define TLS_TLS_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/buffer.h"

struct stream;
struct tls_context;

/* A certificate with its key, as files.  A path may be a pattern of glob(7): the newest certificate
 * of it that has a matching key is taken. */
struct tls_pair {
    const char *cert_path;    /* PEM, the certificate, or it and its chain */
    const char *key_path;     /* PEM */
    const char *chain_path;   /* PEM, further certificates; NULL: none */
    const char *passphrase;   /* of the key; NULL or "": none */
    const char *const *hosts; /* the names it is for, ends with NULL; NULL: those it holds */
};

struct tls_server_options {
    /* At least one.  The first is for clients that name no host, or one that no pair is for.  Pairs
     * with keys of different types (RSA, ECDSA) may be for the same host. */
    const struct tls_pair *pairs;
    size_t pair_count;
    bool no_tls12, no_tls13;
    const char *ciphers; /* as Node has it: names of TLS 1.2 and 1.3 in one list; NULL: OpenSSL's */
    uint64_t flags;      /* SSL_OP_*; what has no meaning here, or would weaken it, is ignored */
};

/* What a sentence about a failure is about. */
enum tls_part {
    TLS_PART_CERT,
    TLS_PART_KEY,
    TLS_PART_CHAIN,
    TLS_PART_PASSPHRASE,
    TLS_PART_CIPHERS
};

/* All zero is none. */
struct tls_fault {
    size_t pair;
    enum tls_part part;
    struct buffer sentence; /* names the file and what is wrong with it */
};

/* NULL: *f is filled. */
MUST_USE struct tls_context *tls_server_new(
    const struct tls_server_options *o, struct tls_fault *f);
/* NULL is fine for both. */
struct tls_context *tls_server_ref(struct tls_context *c);
void tls_server_unref(struct tls_context *c);

/* s, just accepted, is encrypted from now on.  Its handshake has 10 s; what is sent before it is
 * done waits for it. */
void tls_server_accept(struct tls_context *c, struct stream *s);

/* A certificate in use. */
struct tls_certificate {
    const char *path;        /* its file */
    const char *names;       /* "a.test, *.a.test" */
    const char *key_type;    /* "RSA", "EC", ... */
    const char *digest;      /* of the certificate, in hex */
    const char *passed_over; /* a newer file of the pattern, and why it was not taken; NULL: none */
    int64_t from_s, until_s; /* Unix time */
};

/* NULL past the last; those of a server's context, in the order of its pairs. */
const struct tls_certificate *tls_server_certificate(const struct tls_context *c, size_t i);

enum tls_verify {
    TLS_VERIFY_GOOD,
    TLS_VERIFY_SELF_SIGNED, /* by itself, or by an authority that it sends along */
    TLS_VERIFY_INCOMPLETE,  /* a link of the chain is missing, or its authority is not known */
    TLS_VERIFY_BAD,
};

/*
 * Whether clients that trust the authorities of this machine would accept the first certificate,
 * whatever the time.  *reason, for BAD, lives for ever.  Any thread; reads the system's store.
 */
enum tls_verify tls_server_verify(const struct tls_context *c, const char **reason);

/* Append a text that differs when any file of the pairs has changed.  Blocks. */
void tls_files_mark(const struct tls_server_options *o, struct buffer *out);

#endif
