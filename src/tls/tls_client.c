/* SPDX-License-Identifier: MIT */
/*
 * tls_client: contexts of clients, with what PEM adds to them.
 */
#include "tls/tls_client.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "base/str.h"
#include "net/connector.h"
#include "net/loop.h"
#include "stream_tls.h"
#include "tls_files.h"
#include "tls_pair.h"
#include "tls_rules.h"

struct client {
    struct connector_secure secure;
    SSL_CTX *openssl;
};

static void
secure_begin(const struct connector_secure *c, struct stream *s, const char *server_name)
{
    stream_tls_connect(s, CONTAINER_OF(c, struct client, secure)->openssl, server_name);
}

static void
secure_free(struct connector_secure *c)
{
    struct client *self = CONTAINER_OF(c, struct client, secure);

    SSL_CTX_free(self->openssl);
    free(self);
}

/* openssl is taken over. */
static struct connector_secure *
secure_new(SSL_CTX *openssl, bool verify)
{
    struct client *self = mem_zalloc(sizeof(*self));

    SSL_CTX_set_verify(openssl, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
    self->openssl = openssl;
    self->secure.begin = secure_begin;
    self->secure.free = secure_free;
    atomic_init(&self->secure.refs, 1);
    return &self->secure;
}

static bool
pem_is_text(const char *pem)
{
    return strstr(pem, "-----BEGIN") != NULL;
}

/* What a sentence calls it: a text is not repeated. */
static const char *
pem_name(const char *pem)
{
    return pem_is_text(pem) ? "the text" : pem;
}

static BIO *
pem_open(const char *member, const char *pem, struct buffer *error)
{
    BIO *in = pem_is_text(pem) ? BIO_new_mem_buf(pem, -1) : BIO_new_file(pem, "r");
    char reason[LOOP_ERROR_SIZE];

    if (!in)
        buffer_printf(error, "%s: cannot read %s: %s", member, pem, loop_error_text(errno, reason));
    return in;
}

/* Trust each certificate, or show it to servers; false when there is none, or one is not taken. */
static bool
read_certificates(BIO *in, SSL_CTX *ctx, bool trust)
{
    unsigned count = 0;
    bool ok = true;
    X509 *x;

    for (; ok && (x = PEM_read_bio_X509(in, NULL, NULL, NULL)); count++) {
        if (trust) /* one that occurs twice is not a mistake */
            X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), x);
        else if (count == 0)
            ok = SSL_CTX_use_certificate(ctx, x) == 1;
        else
            ok = SSL_CTX_add1_chain_cert(ctx, x) == 1;
        X509_free(x);
    }
    return ok && count > 0;
}

static bool
client_load_certificates(SSL_CTX *ctx, const char *member, const char *pem, struct buffer *error)
{
    BIO *in = pem_open(member, pem, error);
    bool ok;

    if (!in)
        return false;
    ok = read_certificates(in, ctx, strcmp(member, "ca") == 0);
    if (!ok)
        buffer_printf(
            error, "%s: %s holds no usable certificate in PEM form", member, pem_name(pem));
    BIO_free(in);
    return ok;
}

static bool
client_load_key(SSL_CTX *ctx, const struct tls_client_options *o, struct buffer *error)
{
    BIO *in = pem_open("key", o->key, error);
    EVP_PKEY *key;
    bool ok, asked;

    if (!in)
        return false;
    key = tls_pair_read_key(in, o->passphrase, &asked);
    BIO_free(in);
    ok = key && SSL_CTX_use_PrivateKey(ctx, key) == 1 && SSL_CTX_check_private_key(ctx) == 1;
    if (!key)
        buffer_printf(error,
            "key: %s holds no private key in PEM form, or the passphrase does not "
            "open it",
            pem_name(o->key));
    else if (!ok)
        buffer_printf(error, "key: %s does not belong to the certificate", pem_name(o->key));
    EVP_PKEY_free(key);
    return ok;
}

static bool
client_load(SSL_CTX *ctx, const struct tls_client_options *o, struct buffer *error)
{
    if (o->ca && !client_load_certificates(ctx, "ca", o->ca, error))
        return false;
    if (!o->ca && o->verify)
        SSL_CTX_set_default_verify_paths(ctx);
    if (!o->cert && !o->key)
        return true;
    if (!o->cert || !o->key) {
        buffer_printf(error, "%s: cert and key must be given together", o->cert ? "key" : "cert");
        return false;
    }
    return client_load_certificates(ctx, "cert", o->cert, error) && client_load_key(ctx, o, error);
}

struct connector_secure *
tls_client_from_pem(const struct tls_client_options *o, struct buffer *error)
{
    SSL_CTX *openssl = tls_rules_new(TLS_client_method());
    bool ok = client_load(openssl, o, error);

    ERR_clear_error();
    if (ok)
        return secure_new(openssl, o->verify);
    SSL_CTX_free(openssl);
    return NULL;
}

struct connector_secure *
tls_client_new(bool verify, const char *ca_path, struct buffer *error)
{
    SSL_CTX *openssl = tls_rules_new(TLS_client_method());
    struct buffer content = { 0 };
    BIO *in = ca_path ? tls_files_read(ca_path, "certificate authority", &content, error) : NULL;
    bool ok = !ca_path || (in && read_certificates(in, openssl, true));

    if (in && !ok)
        buffer_printf(error, "%s is not a PEM file with certificates", ca_path);
    ERR_clear_error();
    BIO_free(in);
    buffer_fini(&content);
    if (verify)
        SSL_CTX_set_default_verify_paths(openssl);
    if (ok)
        return secure_new(openssl, verify);
    SSL_CTX_free(openssl);
    return NULL;
}

void
tls_client_each_authority(void (*each)(void *owner, const char *path), void *owner)
{
    const char *file = getenv(X509_get_default_cert_file_env());
    const char *folders = getenv(X509_get_default_cert_dir_env());
    struct str folder, rest = str_of(folders ? folders : X509_get_default_cert_dir());

    each(owner, file ? file : X509_get_default_cert_file());
    while (rest.len > 0) {
        char *path;

        folder = str_cut(rest, ':', &rest);
        path = mem_copy_text(folder.data, folder.len);
        each(owner, path);
        free(path);
    }
}
