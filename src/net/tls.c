/* SPDX-License-Identifier: MIT */
/*
 * tls: contexts, and those of clients.
 */
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "tls_pem.h"
#include "tls_priv.h"

SSL_CTX *
tls_make_openssl(const SSL_METHOD *method)
{
    SSL_CTX *openssl = SSL_CTX_new(method);

    ENSURE(openssl);
    SSL_CTX_set_min_proto_version(openssl, TLS1_2_VERSION);
    SSL_CTX_set_options(openssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(openssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(openssl, SSL_SESS_CACHE_OFF);
    return openssl;
}

struct tls_context *
tls_new(SSL_CTX *openssl)
{
    struct tls_context *c = mem_zalloc(sizeof(*c));

    c->openssl = openssl;
    atomic_init(&c->refs, 1);
    return c;
}

/* Every certificate of the file becomes trusted. */
static bool
trust_file(SSL_CTX *ctx, const char *path, struct buffer *error)
{
    struct buffer content = { 0 };
    BIO *in = tls_pem_open(path, "certificate authority", &content, error);
    X509_STORE *store = SSL_CTX_get_cert_store(ctx);
    unsigned count = 0;
    X509 *x;

    while (in && (x = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
        count += (unsigned)X509_STORE_add_cert(store, x);
        X509_free(x);
    }
    if (in && count == 0)
        buffer_printf(error, "%s is not a PEM file with certificates", path);
    ERR_clear_error();
    BIO_free(in);
    buffer_fini(&content);
    return count > 0;
}

struct tls_context *
tls_client_new(bool verify, const char *ca_path, struct buffer *error)
{
    struct tls_context *c = tls_new(tls_make_openssl(TLS_client_method()));

    SSL_CTX_set_verify(c->openssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    if (verify)
        SSL_CTX_set_default_verify_paths(c->openssl);
    if (!ca_path || trust_file(c->openssl, ca_path, error))
        return c;
    tls_unref(c);
    return NULL;
}

struct tls_context *
tls_ref(struct tls_context *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

void
tls_unref(struct tls_context *c)
{
    if (!c || atomic_fetch_sub_explicit(&c->refs, 1, memory_order_acq_rel) != 1)
        return;
    SSL_CTX_free(c->openssl);
    tls_server_forget(c);
    free(c);
}

SSL_CTX *
tls_openssl(const struct tls_context *c)
{
    return c->openssl;
}
