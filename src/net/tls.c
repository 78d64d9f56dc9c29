/* SPDX-License-Identifier: MIT */
/*
 * tls: contexts.  Files are read whole and parsed here, so that every error names its file, and
 * so that OpenSSL never asks the terminal for a passphrase.
 */
#include "net/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/mem.h"
#include "tls_priv.h"

enum { TICKET_KEYS_SIZE = 80, PEM_LIMIT_BYTES = 1 << 20 };

struct tls_context {
    SSL_CTX *openssl;
    atomic_uint refs;
};

struct passphrase {
    const char *text;
    bool asked;
};

/* One set a process: a ticket stays good when the certificate is reloaded. */
static unsigned char ticket_keys[TICKET_KEYS_SIZE];
static pthread_once_t ticket_keys_once = PTHREAD_ONCE_INIT;

static void
make_ticket_keys(void)
{
    ENSURE(RAND_bytes(ticket_keys, sizeof(ticket_keys)) == 1);
}

static const char *
openssl_reason(void)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    return reason ? reason : "unknown error";
}

/* The whole of a file; NULL with a sentence. */
static BIO *
read_pem(const char *path, const char *what, struct buffer *content, struct buffer *error)
{
    char reason[128];
    FILE *file = fopen(path, "re");

    if (file) {
        buffer_reserve(content, PEM_LIMIT_BYTES);
        content->len = fread(content->data, 1, PEM_LIMIT_BYTES, file);
    }
    if (!file || ferror(file)) {
        uv_strerror_r(-errno, reason, sizeof(reason));
        buffer_printf(error, "cannot read the %s %s: %s", what, path, reason);
        if (file)
            fclose(file);
        return NULL;
    }
    fclose(file);
    ERR_clear_error();
    return BIO_new_mem_buf(content->data, (int)content->len);
}

/* False, with a sentence, when ctx does not take the certificate (its key may be too short). */
static bool
use_certificate(SSL_CTX *ctx, X509 *x, bool first, const char *path, struct buffer *error)
{
    bool ok = first ? SSL_CTX_use_certificate(ctx, x) == 1 : SSL_CTX_add1_chain_cert(ctx, x) == 1;

    if (!ok)
        buffer_printf(error, "the certificate %s cannot be used: %s", path, openssl_reason());
    return ok;
}

/* Whether ctx sends x already: the chain file often repeats the certificate. */
static bool
has_certificate(SSL_CTX *ctx, X509 *x)
{
    X509 *own = SSL_CTX_get0_certificate(ctx);
    STACK_OF(X509) *chain = NULL;

    if (own && X509_cmp(own, x) == 0)
        return true;
    SSL_CTX_get0_chain_certs(ctx, &chain);
    for (int i = 0; chain && i < sk_X509_num(chain); i++)
        if (X509_cmp(sk_X509_value(chain, i), x) == 0)
            return true;
    return false;
}

/* The first certificate of cert_path is the server's own; all others are its chain. */
static bool
add_certificates(SSL_CTX *ctx, BIO *in, const char *path, bool own, struct buffer *error)
{
    unsigned count = 0;
    bool ok = true;
    X509 *x;

    while (ok && (x = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
        if (!has_certificate(ctx, x))
            ok = use_certificate(ctx, x, own && count == 0, path, error);
        count++;
        X509_free(x);
    }
    if (!ok)
        return false;
    if (count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
        return true;
    buffer_printf(error, "%s is not a PEM file with certificates: %s", path,
        count > 0 ? openssl_reason() : "no certificate found");
    return false;
}

static bool
load_certificates(SSL_CTX *ctx, const char *path, bool own, struct buffer *error)
{
    struct buffer content = { 0 };
    BIO *in = read_pem(path, own ? "certificate" : "certificate chain", &content, error);
    bool ok = in && add_certificates(ctx, in, path, own, error);

    BIO_free(in);
    buffer_fini(&content);
    return ok;
}

static int
on_passphrase(char *out, int size, int writing, void *arg)
{
    struct passphrase *p = arg;
    size_t len = p->text ? strlen(p->text) : 0;

    (void)writing;
    p->asked = true;
    if (len == 0 || len > (size_t)size)
        return -1;
    memcpy(out, p->text, len);
    return (int)len;
}

static EVP_PKEY *
parse_key(BIO *in, const struct tls_server_options *o, struct buffer *error)
{
    struct passphrase p = { .text = o->passphrase };
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, on_passphrase, &p);

    if (key)
        return key;
    if (!p.asked)
        buffer_printf(error, "%s is not a PEM file with a private key", o->key_path);
    else if (p.text && p.text[0])
        buffer_printf(error, "the passphrase does not open the private key %s", o->key_path);
    else
        buffer_printf(error, "the private key %s is encrypted and needs a passphrase", o->key_path);
    return NULL;
}

static bool
load_key(SSL_CTX *ctx, const struct tls_server_options *o, struct buffer *error)
{
    struct buffer content = { 0 };
    BIO *in = read_pem(o->key_path, "private key", &content, error);
    EVP_PKEY *key = in ? parse_key(in, o, error) : NULL;
    bool ok = key && SSL_CTX_use_PrivateKey(ctx, key) && SSL_CTX_check_private_key(ctx);

    if (key && !ok)
        buffer_printf(error, "the private key %s does not belong to the certificate %s",
            o->key_path, o->cert_path);
    EVP_PKEY_free(key);
    BIO_free(in);
    if (content.data)
        OPENSSL_cleanse(content.data, content.len);
    buffer_fini(&content);
    return ok;
}

/* HTTP/2 is not spoken; a browser that offers it must hear so. */
static int
on_alpn(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *offered,
    unsigned offered_len, void *arg)
{
    static const unsigned char ours[] = "\x08http/1.1";
    unsigned char *chosen;

    (void)ssl;
    (void)arg;
    if (SSL_select_next_proto(&chosen, out_len, ours, sizeof(ours) - 1, offered, offered_len) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

static struct tls_context *
context_new(const SSL_METHOD *method)
{
    struct tls_context *c = mem_zalloc(sizeof(*c));

    c->openssl = SSL_CTX_new(method);
    ENSURE(c->openssl);
    atomic_init(&c->refs, 1);
    SSL_CTX_set_min_proto_version(c->openssl, TLS1_2_VERSION);
    SSL_CTX_set_options(c->openssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(c->openssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(c->openssl, SSL_SESS_CACHE_OFF);
    return c;
}

struct tls_context *
tls_server_new(const struct tls_server_options *o, struct buffer *error)
{
    struct tls_context *c = context_new(TLS_server_method());

    pthread_once(&ticket_keys_once, make_ticket_keys);
    SSL_CTX_set_tlsext_ticket_keys(c->openssl, ticket_keys, sizeof(ticket_keys));
    SSL_CTX_set_alpn_select_cb(c->openssl, on_alpn, NULL);
    if (load_certificates(c->openssl, o->cert_path, true, error) &&
        (!o->chain_path || load_certificates(c->openssl, o->chain_path, false, error)) &&
        load_key(c->openssl, o, error))
        return c;
    ERR_clear_error();
    tls_unref(c);
    return NULL;
}

/* Every certificate of the file becomes trusted. */
static bool
trust_file(SSL_CTX *ctx, const char *path, struct buffer *error)
{
    struct buffer content = { 0 };
    BIO *in = read_pem(path, "certificate authority", &content, error);
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
    struct tls_context *c = context_new(TLS_client_method());

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
    free(c);
}

SSL_CTX *
tls_openssl(const struct tls_context *c)
{
    return c->openssl;
}
