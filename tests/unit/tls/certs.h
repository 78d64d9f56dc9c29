/* SPDX-License-Identifier: MIT */
/*
 * certs: a certificate authority and certificates made for one run, in a temporary folder.
 */
#ifndef TEST_TLS_CERTS_H
#define TEST_TLS_CERTS_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char certs_dir[64];

/* A path in the folder; good for the next eight calls. */
static const char *
certs_path(const char *name)
{
    static char paths[8][128];
    static unsigned next;
    char *out = paths[next++ % 8];

    snprintf(out, sizeof(paths[0]), "%s/%s", certs_dir, name);
    return out;
}

static void
certs_extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *e;

    X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    X509_add_ext(x, e, -1);
    X509_EXTENSION_free(e);
}

/* names is a subjectAltName, NULL for an authority; issuer NULL: signed by itself. */
static X509 *
certs_make(EVP_PKEY *key, const char *subject, const char *names, X509 *issuer, EVP_PKEY *signer)
{
    static long serial = 1;
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);

    X509_set_version(x, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
    X509_gmtime_adj(X509_getm_notBefore(x), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x), 86400);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)subject, -1, -1, 0);
    X509_set_issuer_name(x, issuer ? X509_get_subject_name(issuer) : name);
    X509_set_pubkey(x, key);
    certs_extend(x, issuer ? issuer : x, NID_basic_constraints, names ? "CA:FALSE" : "CA:TRUE");
    if (names)
        certs_extend(x, issuer ? issuer : x, NID_subject_alt_name, names);
    X509_sign(x, signer, EVP_sha256());
    return x;
}

static void
certs_write_key(const char *name, EVP_PKEY *key, const char *passphrase)
{
    FILE *file = fopen(certs_path(name), "w");

    PEM_write_PrivateKey(file, key, passphrase ? EVP_aes_256_cbc() : NULL,
        (const unsigned char *)passphrase, passphrase ? (int)strlen(passphrase) : 0, NULL, NULL);
    fclose(file);
}

static void
certs_write(const char *name, X509 *first, X509 *second)
{
    FILE *file = fopen(certs_path(name), "w");

    PEM_write_X509(file, first);
    if (second)
        PEM_write_X509(file, second);
    fclose(file);
}

/*
 * ca.pem          the authority
 * server.pem .key for localhost and 127.0.0.1, signed by it; secret.key: the same key, encrypted
 * full.pem        server.pem and ca.pem
 * other.pem .key  for other.test, signed by it
 */
static int
certs_set_up(void **state)
{
    EVP_PKEY *ca_key = EVP_EC_gen("P-256");
    EVP_PKEY *key = EVP_EC_gen("P-256");
    EVP_PKEY *other_key = EVP_EC_gen("P-256");
    X509 *ca = certs_make(ca_key, "Test authority", NULL, NULL, ca_key);
    X509 *server = certs_make(key, "localhost", "DNS:localhost,IP:127.0.0.1", ca, ca_key);
    X509 *other = certs_make(other_key, "other.test", "DNS:other.test", ca, ca_key);

    (void)state;
    snprintf(certs_dir, sizeof(certs_dir), "/tmp/echo-server-certs-XXXXXX");
    if (!mkdtemp(certs_dir))
        return 1;
    certs_write("ca.pem", ca, NULL);
    certs_write("server.pem", server, NULL);
    certs_write("full.pem", server, ca);
    certs_write("other.pem", other, NULL);
    certs_write_key("server.key", key, NULL);
    certs_write_key("secret.key", key, "swordfish");
    certs_write_key("other.key", other_key, NULL);
    X509_free(ca);
    X509_free(server);
    X509_free(other);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    EVP_PKEY_free(other_key);
    return 0;
}

static int
certs_tear_down(void **state)
{
    static const char *const names[] = { "ca.pem", "server.pem", "full.pem", "other.pem",
        "server.key", "secret.key", "other.key", "broken.pem" };

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        remove(certs_path(names[i]));
    remove(certs_dir);
    return 0;
}

#endif
