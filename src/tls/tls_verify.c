/* SPDX-License-Identifier: MIT */
/*
 * tls_verify: OpenSSL's own verification, from the other side.
 */
#include "tls/tls_verify.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/ensure.h"
#include "tls_server_priv.h"

static int
verify(SSL_CTX *openssl)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *v = X509_STORE_CTX_new();
    STACK_OF(X509) *chain = NULL;
    int result;

    ENSURE(store && v);
    X509_STORE_set_default_paths(store);
    SSL_CTX_get0_chain_certs(openssl, &chain);
    ENSURE(X509_STORE_CTX_init(v, store, SSL_CTX_get0_certificate(openssl), chain) == 1);
    X509_STORE_CTX_set_purpose(v, X509_PURPOSE_SSL_SERVER);
    X509_STORE_CTX_set_flags(v, X509_V_FLAG_NO_CHECK_TIME);
    X509_verify_cert(v);
    result = X509_STORE_CTX_get_error(v);
    X509_STORE_CTX_free(v);
    X509_STORE_free(store);
    ERR_clear_error();
    return result;
}

enum tls_verify
tls_verify(const struct tls_context *c, const char **reason)
{
    int result = verify(c->openssl);

    *reason = X509_verify_cert_error_string(result);
    switch (result) {
    case X509_V_OK:
        return TLS_VERIFY_GOOD;
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return TLS_VERIFY_SELF_SIGNED;
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return TLS_VERIFY_INCOMPLETE;
    default:
        return TLS_VERIFY_BAD;
    }
}
