/* SPDX-License-Identifier: MIT */
/*
 * tls_verify: whether clients that trust the authorities of this machine would accept what a server
 * sends.  Time is left out: see tls_server_certificate().  Any thread; reads the system's store.
 */
#ifndef TLS_TLS_VERIFY_H
#define TLS_TLS_VERIFY_H

struct tls_context;

enum tls_verify {
    TLS_VERIFY_GOOD,
    TLS_VERIFY_SELF_SIGNED, /* by itself, or by an authority that it sends along */
    TLS_VERIFY_INCOMPLETE,  /* a link of the chain is missing, or its authority is not known */
    TLS_VERIFY_BAD,
};

/* Of the first certificate.  *reason, for BAD, lives for ever. */
enum tls_verify tls_verify(const struct tls_context *c, const char **reason);

#endif
