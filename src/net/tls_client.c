/* SPDX-License-Identifier: MIT */
/*
 * tls_client: a client's context, with what PEM adds to it.
 */
#include "net/tls_client.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/str.h"
#include "net/tls.h"
#include "tls_priv.h"

static bool
is_text(const char *pem)
{
    return strstr(pem, "-----BEGIN") != NULL;
}

/* What a sentence calls it: a text is not repeated. */
static const char *
name_of(const char *pem)
{
    return is_text(pem) ? "the text" : pem;
}

static BIO *
open_pem(const char *member, const char *pem, struct buffer *error)
{
    BIO *in = is_text(pem) ? BIO_new_mem_buf(pem, -1) : BIO_new_file(pem, "r");
    char reason[128];

    if (in)
        return in;
    uv_strerror_r(-errno, reason, sizeof(reason));
    buffer_printf(error, "%s: cannot read %s: %s", member, pem, reason);
    return NULL;
}

/* Hand each certificate to add; false when there is none, or one is not taken. */
static bool
read_certificates(BIO *in, SSL_CTX *ctx, bool (*add)(SSL_CTX *ctx, X509 *x, unsigned number))
{
    unsigned count = 0;
    bool ok = true;
    X509 *x;

    while (ok && (x = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
        ok = add(ctx, x, count++);
        X509_free(x);
    }
    return ok && count > 0;
}

/* One that is there twice is no mistake. */
static bool
trust(SSL_CTX *ctx, X509 *x, unsigned number)
{
    (void)number;
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x);
    return true;
}

static bool
show(SSL_CTX *ctx, X509 *x, unsigned number)
{
    return number == 0 ? SSL_CTX_use_certificate(ctx, x) == 1
                       : SSL_CTX_add1_chain_cert(ctx, x) == 1;
}

static bool
load_certificates(SSL_CTX *ctx, const char *member, const char *pem, struct buffer *error)
{
    BIO *in = open_pem(member, pem, error);
    bool ok;

    if (!in)
        return false;
    ok = read_certificates(in, ctx, strcmp(member, "ca") == 0 ? trust : show);
    if (!ok)
        buffer_printf(error, "%s: %s holds no certificate in PEM form that can be used", member,
            name_of(pem));
    BIO_free(in);
    return ok;
}

/* OpenSSL must never ask the terminal. */
static int
on_passphrase(char *out, int size, int writing, void *passphrase)
{
    struct str text = str_of(passphrase);

    (void)writing;
    if (text.len == 0 || text.len > (size_t)size)
        return -1;
    memcpy(out, text.data, text.len);
    return (int)text.len;
}

static bool
load_key(SSL_CTX *ctx, const struct tls_client_options *o, struct buffer *error)
{
    BIO *in = open_pem("key", o->key, error);
    EVP_PKEY *key;
    bool ok;

    if (!in)
        return false;
    key = PEM_read_bio_PrivateKey(in, NULL, on_passphrase, (char *)(uintptr_t)o->passphrase);
    BIO_free(in);
    ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
    if (!key)
        buffer_printf(error,
            "key: %s holds no private key in PEM form, or the passphrase does not "
            "open it",
            name_of(o->key));
    else if (!ok)
        buffer_printf(error, "key: %s does not belong to the certificate", name_of(o->key));
    EVP_PKEY_free(key);
    return ok;
}

static bool
load(SSL_CTX *ctx, const struct tls_client_options *o, struct buffer *error)
{
    if (o->ca && !load_certificates(ctx, "ca", o->ca, error))
        return false;
    if (!o->ca && o->verify)
        SSL_CTX_set_default_verify_paths(ctx);
    if (!o->cert && !o->key)
        return true;
    if (!o->cert || !o->key) {
        buffer_printf(error, "%s: cert and key go together", o->cert ? "key" : "cert");
        return false;
    }
    return load_certificates(ctx, "cert", o->cert, error) && load_key(ctx, o, error);
}

struct tls_context *
tls_client_create(const struct tls_client_options *o, struct buffer *error)
{
    struct tls_context *c = tls_client_new(false, NULL, error);
    bool ok = load(tls_openssl(c), o, error);

    ERR_clear_error();
    if (ok && o->verify)
        SSL_CTX_set_verify(tls_openssl(c), SSL_VERIFY_PEER, NULL);
    if (ok)
        return c;
    tls_unref(c);
    return NULL;
}
