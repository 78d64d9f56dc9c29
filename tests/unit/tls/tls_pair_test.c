/* SPDX-License-Identifier: MIT */
/*
 * Tests of certificates and keys as files: each mistake is a sentence that names the file.
 */
#include "tls_pair.h"

#include "certs.h"
#include "net/peer.h"
#include "tls/tls_server.h"

static void
refused_with(const struct tls_pair *o, enum tls_part part, const char *format, ...)
{
    struct tls_fault f = { 0 };
    char expected[512];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(expected, sizeof(expected), format, arguments);
    va_end(arguments);
    assert_null(tls_server_new(&(struct tls_server_options){ .pairs = o, .pair_count = 1 }, &f));
    buffer_append_char(&f.sentence, '\0');
    assert_string_equal(f.sentence.data, expected);
    assert_int_equal(f.part, part);
    buffer_fini(&f.sentence);
}

static struct tls_context *
context(const struct tls_pair *pairs, size_t count)
{
    struct tls_fault f = { 0 };
    struct tls_context *c =
        tls_server_new(&(struct tls_server_options){ .pairs = pairs, .pair_count = count }, &f);

    assert_non_null(c);
    assert_int_equal(f.sentence.len, 0);
    return c;
}

static void
good_files_make_a_context(void **state)
{
    struct tls_pair o = {
        .cert_path = certs_path("server.pem"),
        .key_path = certs_path("secret.key"),
        .chain_path = certs_path("ca.pem"),
        .passphrase = "swordfish",
    };
    struct tls_context *c = context(&o, 1);

    (void)state;
    assert_ptr_equal(tls_server_ref(c), c);
    tls_server_unref(c);
    tls_server_unref(c);
    tls_server_unref(NULL);
}

static unsigned
chain_length(const char *chain_path)
{
    struct tls_pair o = {
        .cert_path = certs_path("full.pem"),
        .key_path = certs_path("server.key"),
        .chain_path = chain_path,
    };
    struct tls_fault f = { 0 };
    struct tls_loaded pair;
    int count;

    assert_true(tls_pair_load(&o, &pair, &f));
    count = sk_X509_num(pair.chain);
    tls_pair_fini(&pair);
    return (unsigned)count;
}

static void
repeated_certificates_are_sent_once(void **state)
{
    (void)state;
    assert_int_equal(chain_length(NULL), 1);
    assert_int_equal(chain_length(certs_path("ca.pem")), 1);
    assert_int_equal(chain_length(certs_path("full.pem")), 1);
}

static void
missing_files_are_named(void **state)
{
    struct tls_pair o = {
        .cert_path = "/nowhere/cert.pem",
        .key_path = certs_path("server.key"),
    };

    (void)state;
    refused_with(&o, TLS_PART_CERT,
        "cannot read the certificate /nowhere/cert.pem: no such file or directory");
    o.cert_path = certs_path("server.pem");
    o.key_path = "/nowhere/key.pem";
    refused_with(&o, TLS_PART_KEY,
        "cannot read the private key /nowhere/key.pem: no such file or directory");
    o.key_path = certs_path("server.key");
    o.chain_path = "/nowhere/chain.pem";
    refused_with(&o, TLS_PART_CHAIN,
        "cannot read the certificate chain /nowhere/chain.pem: no such file or directory");
    o.chain_path = NULL;
    o.key_path = "/tmp";
    refused_with(
        &o, TLS_PART_KEY, "cannot read the private key /tmp: illegal operation on a directory");
}

static void
files_that_are_not_pem_are_named(void **state)
{
    struct tls_pair o = {
        .cert_path = certs_path("server.key"),
        .key_path = certs_path("server.key"),
    };
    FILE *file = fopen(certs_path("broken.pem"), "w");

    (void)state;
    fputs("-----BEGIN CERTIFICATE-----\nbm90IG9uZQ==\n-----END CERTIFICATE-----\n", file);
    fclose(file);
    refused_with(&o, TLS_PART_CERT, "%s is not a PEM file with certificates: no certificate found",
        o.cert_path);
    o.cert_path = certs_path("broken.pem");
    refused_with(&o, TLS_PART_CERT, "%s is not a PEM file with certificates: no certificate found",
        o.cert_path);
    o.cert_path = certs_path("server.pem");
    o.key_path = certs_path("server.pem");
    refused_with(&o, TLS_PART_KEY, "%s is not a PEM file with a private key", o.key_path);
}

static void
key_of_another_certificate_is_refused(void **state)
{
    struct tls_pair o = {
        .cert_path = certs_path("server.pem"),
        .key_path = certs_path("other.key"),
    };

    (void)state;
    refused_with(&o, TLS_PART_KEY, "the private key %s does not belong to the certificate %s",
        o.key_path, o.cert_path);
}

static void
passphrase_is_never_asked_for(void **state)
{
    struct tls_pair o = {
        .cert_path = certs_path("server.pem"),
        .key_path = certs_path("secret.key"),
    };

    (void)state;
    refused_with(&o, TLS_PART_PASSPHRASE, "the private key %s is encrypted and needs a passphrase",
        o.key_path);
    o.passphrase = "";
    refused_with(&o, TLS_PART_PASSPHRASE, "the private key %s is encrypted and needs a passphrase",
        o.key_path);
    o.passphrase = "catfish";
    refused_with(
        &o, TLS_PART_PASSPHRASE, "the passphrase does not open the private key %s", o.key_path);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_files_make_a_context),
        cmocka_unit_test(repeated_certificates_are_sent_once),
        cmocka_unit_test(missing_files_are_named),
        cmocka_unit_test(files_that_are_not_pem_are_named),
        cmocka_unit_test(key_of_another_certificate_is_refused),
        cmocka_unit_test(passphrase_is_never_asked_for),
    };

    alarm(60);
    return cmocka_run_group_tests_name("tls/tls_pair", tests, certs_set_up, certs_tear_down);
}
