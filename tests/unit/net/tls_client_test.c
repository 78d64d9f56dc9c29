/* SPDX-License-Identifier: MIT */
/*
 * Tests of tls_client: what PEM makes a context, and which sentence says that it does not.
 */
#include "net/tls_client.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "certs.h"
#include "net/connector.h"

static void
is_taken(struct tls_client_options o)
{
    struct buffer error = { 0 };
    struct connector_secure *c;

    o.verify = true;
    c = tls_client_create(&o, &error);
    assert_non_null(c);
    assert_int_equal(error.len, 0);
    connector_secure_unref(c);
}

static void
is_refused(const struct tls_client_options *o, const char *sentence)
{
    struct buffer error = { 0 };

    assert_null(tls_client_create(o, &error));
    buffer_append_char(&error, '\0');
    assert_string_equal(error.data, sentence);
    buffer_fini(&error);
}

static const char *
content_of(const char *name, char out[4096])
{
    FILE *file = fopen(certs_path(name), "r");
    size_t len = fread(out, 1, 4095, file);

    fclose(file);
    out[len] = '\0';
    return out;
}

static void
files_and_texts_are_the_same(void **state)
{
    char ca[4096], cert[4096], key[4096];

    (void)state;
    is_taken((struct tls_client_options){ 0 });
    is_taken((struct tls_client_options){ .ca = certs_path("ca.pem"),
        .cert = certs_path("full.pem"),
        .key = certs_path("server.key") });
    is_taken((struct tls_client_options){ .ca = content_of("ca.pem", ca),
        .cert = content_of("server.pem", cert),
        .key = content_of("server.key", key) });
    is_taken((struct tls_client_options){ .cert = certs_path("server.pem"),
        .key = certs_path("secret.key"),
        .passphrase = "swordfish" });
}

static void
what_cannot_be_used_is_named(void **state)
{
    char expected[256], key[4096];
    struct tls_client_options o = { .ca = "/nowhere/ca.pem" };

    (void)state;
    is_refused(&o, "ca: cannot read /nowhere/ca.pem: no such file or directory");
    o = (struct tls_client_options){ .ca = certs_path("server.key") };
    snprintf(expected, sizeof(expected), "ca: %s holds no certificate in PEM form that can be used",
        o.ca);
    is_refused(&o, expected);
    o = (struct tls_client_options){ .ca = content_of("server.key", key) };
    is_refused(&o, "ca: the text holds no certificate in PEM form that can be used");
    o = (struct tls_client_options){ .cert = certs_path("server.pem") };
    is_refused(&o, "key: cert and key go together");
    o = (struct tls_client_options){ .key = certs_path("server.key") };
    is_refused(&o, "cert: cert and key go together");
    o = (struct tls_client_options){ .cert = certs_path("server.pem"),
        .key = certs_path("other.key") };
    snprintf(expected, sizeof(expected), "key: %s does not belong to the certificate", o.key);
    is_refused(&o, expected);
}

static void
passphrase_is_never_asked_for(void **state)
{
    static const char *const phrases[] = { NULL, "", "catfish" };
    struct tls_client_options o = { .cert = certs_path("server.pem"),
        .key = certs_path("secret.key") };
    char expected[256];

    (void)state;
    snprintf(expected, sizeof(expected),
        "key: %s holds no private key in PEM form, or the passphrase does not open it", o.key);
    for (size_t i = 0; i < 3; i++) {
        o.passphrase = phrases[i];
        is_refused(&o, expected);
    }
}

static void
bad_authority_is_named(void **state)
{
    struct buffer error = { 0 };
    struct connector_secure *c = tls_client_new(true, certs_path("ca.pem"), &error);

    (void)state;
    assert_non_null(c);
    connector_secure_unref(c);
    assert_null(tls_client_new(true, certs_path("server.key"), &error));
    assert_true(str_ends(buffer_str(&error), "server.key is not a PEM file with certificates"));
    buffer_fini(&error);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_texts_are_the_same),
        cmocka_unit_test(what_cannot_be_used_is_named),
        cmocka_unit_test(passphrase_is_never_asked_for),
        cmocka_unit_test(bad_authority_is_named),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/tls_client", tests, certs_set_up, certs_tear_down);
}
