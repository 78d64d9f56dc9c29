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

/* Whether l holds x already: the chain file often repeats the certificate. */
static bool
has_certificate(const struct tls_loaded *l, X509 *x)
{
    if (l->own && X509_cmp(l->own, x) == 0)
        return true;
    for (int i = 0; i < sk_X509_num(l->chain); i++)
        if (X509_cmp(sk_X509_value(l->chain, i), x) == 0)
            return true;
    return false;
}

/* x is taken over. */
static void
add_certificate(struct tls_loaded *l, X509 *x)
{
    if (has_certificate(l, x))
        X509_free(x);
    else if (!l->own)
        l->own = x;
    else
        ENSURE(sk_X509_push(l->chain, x) > 0);
}

/* The first certificate of the first file is the server's own; all others are its chain. */
static bool
read_certificates(struct tls_loaded *l, BIO *in, const char *path, struct buffer *error)
{
    const char *reason = "no certificate found";
    unsigned count = 0;
    X509 *x;

    while ((x = PEM_read_bio_X509(in, NULL, NULL, NULL))) {
        add_certificate(l, x);
        count++;
    }
    if (count > 0 && ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE)
        return true;
    if (count > 0)
        reason = ERR_reason_error_string(ERR_peek_error());
    buffer_printf(error, "%s is not a PEM file with certificates: %s", path,
        reason ? reason : "unknown error");
    return false;
}

static bool
load_certificates(struct tls_loaded *l, const char *path, const char *what, struct buffer *error)
{
    struct buffer content = { 0 };
    BIO *in = tls_files_read(path, what, &content, error);
    bool ok = in && read_certificates(l, in, path, error);

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

static EVP_PKEY *
parse_key(BIO *in, const char *path, const char *passphrase, struct tls_fault *f)
{
    struct passphrase p = { .text = passphrase };
    EVP_PKEY *key = PEM_read_bio_PrivateKey(in, NULL, on_passphrase, &p);

    if (key)
        return key;
    f->part = p.asked ? TLS_PART_PASSPHRASE : TLS_PART_KEY;
    if (!p.asked)
        buffer_printf(&f->sentence, "%s is not a PEM file with a private key", path);
    else if (p.text && p.text[0])
        buffer_printf(&f->sentence, "the passphrase does not open the private key %s", path);
    else
        buffer_printf(&f->sentence, "the private key %s is encrypted and needs a passphrase", path);
    return NULL;
}

static bool
load_key(struct tls_loaded *l, const struct tls_pair *paths, struct tls_fault *f)
{
    struct buffer content = { 0 };
    BIO *in = tls_files_read(paths->key_path, "private key", &content, &f->sentence);

    f->part = TLS_PART_KEY;
    l->key = in ? parse_key(in, paths->key_path, paths->passphrase, f) : NULL;
    BIO_free(in);
    if (content.data)
        OPENSSL_cleanse(content.data, content.len);
    buffer_fini(&content);
    if (l->key && X509_check_private_key(l->own, l->key) == 1)
        return true;
    if (l->key)
        buffer_printf(&f->sentence, "the private key %s does not belong to the certificate %s",
            paths->key_path, paths->cert_path);
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

static void
add_subject(struct tls_loaded *l)
{
    char name[NAME_MAX_BYTES + 2];
    int len = X509_NAME_get_text_by_NID(
        X509_get_subject_name(l->own), NID_commonName, name, sizeof(name));

    if (len > 0)
        add_name(l, name, (size_t)len);
}

/* The alternative names count alone where there are any (RFC 6125, section 6.4.4). */
static void
add_own_names(struct tls_loaded *l)
{
    GENERAL_NAMES *all = X509_get_ext_d2i(l->own, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
        const GENERAL_NAME *n = sk_GENERAL_NAME_value(all, i);

        if (n->type == GEN_DNS)
            add_name(l, (const char *)ASN1_STRING_get0_data(n->d.dNSName),
                (size_t)ASN1_STRING_length(n->d.dNSName));
    }
    if (!all)
        add_subject(l);
    GENERAL_NAMES_free(all);
}

static void
find_names(struct tls_loaded *l, const struct tls_pair *pair)
{
    for (size_t i = 0; pair->hosts && pair->hosts[i]; i++)
        add_name(l, pair->hosts[i], strlen(pair->hosts[i]));
    if (!pair->hosts)
        add_own_names(l);
}

/* ---- files ---- */

/* paths are files, not patterns. */
static bool
load(const struct tls_pair *paths, struct tls_loaded *out, struct tls_fault *f)
{
    out->chain = sk_X509_new_null();
    ENSURE(out->chain);
    f->part = TLS_PART_CERT;
    if (load_certificates(out, paths->cert_path, "certificate", &f->sentence)) {
        f->part = TLS_PART_CHAIN;
        if ((!paths->chain_path ||
                load_certificates(out, paths->chain_path, "certificate chain", &f->sentence)) &&
            load_key(out, paths, f)) {
            out->path = mem_strdup(paths->cert_path);
            find_names(out, paths);
            ERR_clear_error();
            return true;
        }
    }
    ERR_clear_error();
    tls_pair_fini(out);
    return false;
}

/* Newest first; the first fault is the one that counts. */
static bool
load_first(const struct tls_trios *trios, const struct tls_pair *pair, struct tls_loaded *out,
    struct tls_fault *f)
{
    bool ok = false;

    for (size_t i = 0; i < trios->count && !ok; i++) {
        struct tls_fault fault = { 0 };
        struct tls_pair paths = *pair;

        paths.cert_path = trios->items[i].cert;
        paths.key_path = trios->items[i].key;
        paths.chain_path = trios->items[i].chain;
        ok = load(&paths, out, &fault);
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
    return ok;
}

bool
tls_pair_load(const struct tls_pair *pair, struct tls_loaded *out, struct tls_fault *f)
{
    struct tls_trios trios = { 0 };
    bool ok;

    *out = (struct tls_loaded){ 0 };
    ok = tls_files_find(pair, &trios, f) && load_first(&trios, pair, out, f);
    tls_files_fini(&trios);
    return ok;
}
