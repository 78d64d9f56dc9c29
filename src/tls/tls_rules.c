/* SPDX-License-Identifier: MIT */
/*
 * tls_rules: versions, ciphers, the application's protocol.
 */
#include "tls_rules.h"

#include "base/buffer.h"
#include "base/ensure.h"
#include "tls_tickets_priv.h"

/* Flags that would weaken a context, or change what this program relies on, are not among them. */
static const uint64_t honoured_flags = SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                       SSL_OP_NO_TICKET | SSL_OP_NO_ENCRYPT_THEN_MAC;

SSL_CTX *
tls_rules_new(const SSL_METHOD *method)
{
    SSL_CTX *openssl = SSL_CTX_new(method);

    ENSURE(openssl);
    SSL_CTX_set_min_proto_version(openssl, TLS1_2_VERSION);
    SSL_CTX_set_options(openssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(openssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(openssl, SSL_SESS_CACHE_OFF);
    return openssl;
}

/* HTTP/2 is not spoken; a browser that offers it must be told. */
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

/* Node's list holds the suites of TLS 1.3, which begin with "TLS_", among the others.  A version
 * without a cipher in the list is not spoken, as in Node. */
static bool
set_ciphers(SSL_CTX *openssl, const char *list)
{
    struct buffer suites = { 0 }, others = { 0 };
    struct str rest = str_of(list);
    bool ok;

    while (rest.len > 0) {
        struct str name = str_trim(str_cut(rest, ':', &rest));
        struct buffer *to = str_starts(name, "TLS_") ? &suites : &others;

        if (name.len > 0)
            buffer_printf(to, "%s%.*s", to->len > 0 ? ":" : "", STR_ARG(name));
    }
    buffer_append_char(&suites, '\0');
    buffer_append_char(&others, '\0');
    ok = suites.len + others.len > 2;
    if (suites.len > 1)
        ok = ok && SSL_CTX_set_ciphersuites(openssl, suites.data) == 1;
    else
        SSL_CTX_set_max_proto_version(openssl, TLS1_2_VERSION);
    if (others.len > 1)
        ok = ok && SSL_CTX_set_cipher_list(openssl, others.data) == 1;
    else
        SSL_CTX_set_min_proto_version(openssl, TLS1_3_VERSION);
    buffer_fini(&suites);
    buffer_fini(&others);
    return ok;
}

bool
tls_rules_apply(SSL_CTX *openssl, const struct tls_server_options *o, struct tls_fault *f)
{
    tls_tickets_apply(openssl);
    SSL_CTX_set_alpn_select_cb(openssl, on_alpn, NULL);
    SSL_CTX_set_options(openssl, o->flags & honoured_flags);
    if (o->no_tls12)
        SSL_CTX_set_min_proto_version(openssl, TLS1_3_VERSION);
    if (o->no_tls13)
        SSL_CTX_set_max_proto_version(openssl, TLS1_2_VERSION);
    if (o->ciphers && !set_ciphers(openssl, o->ciphers)) {
        f->part = TLS_PART_CIPHERS;
        buffer_printf(
            &f->sentence, "OpenSSL does not accept this list of ciphers: \"%s\"", o->ciphers);
        return false;
    }
    if (SSL_CTX_get_min_proto_version(openssl) == TLS1_3_VERSION &&
        SSL_CTX_get_max_proto_version(openssl) == TLS1_2_VERSION) {
        f->part = TLS_PART_CIPHERS;
        buffer_append_text(&f->sentence, "neither TLS 1.2 nor TLS 1.3 is left to use");
        return false;
    }
    return true;
}
