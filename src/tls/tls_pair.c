/* SPDX-License-Identifier: MIT */
/*
 * tls_pair: from patterns to files, from files to what OpenSSL takes.
 */
#include "tls_pair.h"

#include <ctype.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "base/ensure.h"
#include "base/mem.h"
#include "tls_files.h"

enum { NAME_MAX_BYTES = 254 };

struct passphrase {
    const char *text;
    bool asked;
};

void
tls_pair_fini(struct tls_loaded *l)
{
    X509_free(l->own);
    sk_X509_pop_free(l->chain, X509_free);
    EVP_PKEY_free(l->key);
    free(l->path);
    for (size_t i = 0; i < l->name_count; i++)
        free(l->names[i]);
    free(l->names);
    free(l->passed_over);
    *l = (struct tls_loaded){ 0 };
}

/* ---- certificates ---- */

/* x is taken over; the chain file often repeats the certificate. */
static void
add_certificate(struct tls_loaded *l, X509 *x)
{
    bool known = l->own && X509_cmp(l->own, x) == 0;

    for (int i = 0; !known && i < sk_X509_num(l->chain); i++)
        known = X509_cmp(sk_X509_value(l->chain, i), x) == 0;
    if (known)
        X509_free(x);
    else if (!l->own)
        l->own = x;
    else
        ENSURE(sk_X509_push(l->chain, x) > 0);
}

/* The first certificate of the first file is the server's own; all others are its chain. */
static bool
pair_load_certificates(
    struct tls_loaded *l, const char *path, const char *what, struct buffer *error)
{
    struct buffer content = { 0 };
    BIO *in = tls_files_read(path, what, &content, error);
    const char *reason = "no certificate found";
    unsigned count = 0;
    X509 *x;
    bool ok;

    if (!in)
        return false;
    while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
        add_certificate(l, x);
        count++;
    }
    ok = count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (count > 0)
        reason = ERR_reason_error_string(ERR_peek_error());
    if (!ok)
        buffer_printf(error, "%s is not a PEM file with certificates: %s", path,
            reason ? reason : "unknown error");
    BIO_free(in);
    buffer_fini(&content);
    return ok;
}

/* ---- the key ---- */

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

EVP_PKEY *
tls_pair_read_key(BIO *in, const char *passphrase, bool *asked)
{
    struct passphrase p = { .text = passphrase };
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, on_passphrase, &p);

    *asked = p.asked;
    return key;
}

static bool
pair_load_key(struct tls_loaded *l, const struct tls_pair *paths, struct tls_fault *f)
{
    struct buffer content = { 0 };
    const char *path = paths->key_path;
    BIO *in = tls_files_read(path, "private key", &content, &f->sentence);
    bool asked = false;

    l->key = in ? tls_pair_read_key(in, paths->passphrase, &asked) : NULL;
    BIO_free(in);
    if (content.data)
        OPENSSL_cleanse(content.data, content.len);
    buffer_fini(&content);
    f->part = l->key || !asked ? TLS_PART_KEY : TLS_PART_PASSPHRASE;
    if (l->key && X509_check_private_key(l->own, l->key) == 1)
        return true;
    if (l->key)
        buffer_printf(&f->sentence, "the private key %s does not belong to the certificate %s",
            path, paths->cert_path);
    else if (in && !asked)
        buffer_printf(&f->sentence, "%s is not a PEM file with a private key", path);
    else if (in && paths->passphrase && paths->passphrase[0])
        buffer_printf(&f->sentence, "the passphrase does not open the private key %s", path);
    else if (in)
        buffer_printf(&f->sentence, "the private key %s is encrypted and needs a passphrase", path);
    return false;
}

/* ---- names ---- */

static void
add_name(struct tls_loaded *l, const char *name, size_t len)
{
    char *copy;

    if (len == 0 || len > NAME_MAX_BYTES || memchr(name, 0, len))
        return;
    copy = mem_copy_text(name, len);
    for (size_t i = 0; i < len; i++)
        copy[i] = (char)tolower((unsigned char)copy[i]);
    l->names = mem_resize(l->names, l->name_count + 1, sizeof(*l->names));
    l->names[l->name_count++] = copy;
}

/* The alternative names count alone where there are any (RFC 6125, section 6.4.4). */
static void
add_own_names(struct tls_loaded *l)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(l->own, NID_subject_alt_name, NULL, NULL);
    char subject[NAME_MAX_BYTES + 2];
    int len;

    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *n = sk_GENERAL_NAME_value(all, i);

        if (n->type == GEN_DNS)
            add_name(l, (const char *)ASN1_STRING_get0_data(n->d.dNSName),
                (size_t)ASN1_STRING_length(n->d.dNSName));
    }
    len = all ? 0
              : X509_NAME_get_text_by_NID(
                    X509_get_subject_name(l->own), NID_commonName, subject, sizeof(subject));
    if (len > 0)
        add_name(l, subject, (size_t)len);
    GENERAL_NAMES_free(all);
}

/* ---- files ---- */

/* paths are files, not patterns. */
static bool
pair_load_files(const struct tls_pair *paths, struct tls_loaded *out, struct tls_fault *f)
{
    bool ok;

    out->chain = sk_X509_new_null();
    ENSURE(out->chain);
    f->part = TLS_PART_CERT;
    ok = pair_load_certificates(out, paths->cert_path, "certificate", &f->sentence);
    if (ok && paths->chain_path) {
        f->part = TLS_PART_CHAIN;
        ok = pair_load_certificates(out, paths->chain_path, "certificate chain", &f->sentence);
    }
    ok = ok && pair_load_key(out, paths, f);
    if (ok) {
        out->path = mem_strdup(paths->cert_path);
        for (size_t i = 0; paths->hosts && paths->hosts[i]; i++)
            add_name(out, paths->hosts[i], strlen(paths->hosts[i]));
        if (!paths->hosts)
            add_own_names(out);
    } else {
        tls_pair_fini(out);
    }
    ERR_clear_error();
    return ok;
}

/* Newest first; the first fault is the one that counts. */
bool
tls_pair_load(const struct tls_pair *pair, struct tls_loaded *out, struct tls_fault *f)
{
    struct tls_trios trios;
    bool ok = false;

    *out = (struct tls_loaded){ 0 };
    if (!tls_files_find(pair, &trios, f))
        return false;
    for (size_t i = 0; i < trios.count && !ok; i++) {
        struct tls_fault fault = { 0 };
        struct tls_pair paths = *pair;

        paths.cert_path = trios.items[i].cert;
        paths.key_path = trios.items[i].key;
        paths.chain_path = trios.items[i].chain;
        ok = pair_load_files(&paths, out, &fault);
        if (!ok && f->sentence.len == 0) {
            f->part = fault.part;
            buffer_append_str(&f->sentence, buffer_str(&fault.sentence));
        }
        buffer_fini(&fault.sentence);
    }
    if (ok && f->sentence.len > 0) {
        out->passed_over = mem_copy_text(f->sentence.data, f->sentence.len);
        buffer_fini(&f->sentence);
    }
    tls_files_fini(&trios);
    return ok;
}
