/* SPDX-License-Identifier: MIT */
/*
 * tls_server: which certificate a client gets, what is known of it, whether clients with this
 * machine's authorities would accept it, and patterns.  The source is included for the context.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "tls_server.c"

#include "tls_house.h"

#define PAIR(name)                                                                                 \
    {                                                                                              \
        .cert_path = certs_path(name ".pem"), .key_path = certs_path(name ".key")                  \
    }

static struct tls_context *
context(const struct tls_server_options *o)
{
    struct tls_fault f = { 0 };
    struct tls_context *c = tls_server_new(o, &f);

    if (!c)
        fail_msg("%.*s", STR_ARG(buffer_str(&f.sentence)));
    return c;
}

/* Both ends of a handshake in memory; the certificate that the client saw. */
static X509 *
shake(const struct tls_context *c, const char *name)
{
    SSL_CTX *client_context = SSL_CTX_new(TLS_client_method());
    SSL *client = SSL_new(client_context), *server = SSL_new(c->openssl);
    BIO *a, *b;
    X509 *seen;

    BIO_new_bio_pair(&a, 65536, &b, 65536);
    SSL_set_bio(client, a, a);
    SSL_set_bio(server, b, b);
    SSL_set_connect_state(client);
    SSL_set_accept_state(server);
    if (name)
        SSL_set_tlsext_host_name(client, name);
    for (int i = 0; i < 10; i++) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    assert_true(SSL_is_init_finished(client));
    seen = SSL_get1_peer_certificate(client);
    SSL_free(client);
    SSL_free(server);
    SSL_CTX_free(client_context);
    return seen;
}

static void
client_sees(const struct tls_context *c, const char *name, const char *subject)
{
    X509 *x = shake(c, name);
    char seen[64];

    X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_commonName, seen, sizeof(seen));
    assert_string_equal(seen, subject);
    X509_free(x);
}

static void
the_host_name_chooses(void **state)
{
    static const char *const hosts[] = { "*.A.test", "b.test", NULL };
    struct tls_pair pairs[] = { PAIR("server"), PAIR("other"), PAIR("other") };
    const struct tls_server_options o = { .pairs = pairs, .pair_count = 3 };
    struct tls_context *c;

    (void)state;
    pairs[2].hosts = hosts;
    c = context(&o);
    client_sees(c, "other.test", "other.test");
    client_sees(c, "OTHER.test", "other.test");
    client_sees(c, "x.a.test", "other.test");
    client_sees(c, "b.test", "other.test");
    client_sees(c, "localhost", "localhost");
    client_sees(c, "x.y.a.test", "localhost");
    client_sees(c, "a.test", "localhost");
    client_sees(c, "x.other.test", "localhost");
    client_sees(c, NULL, "localhost");
    tls_server_unref(c);
}

/* The names belong to OpenSSL's context, which a handshake holds. */
static void
a_handshake_outlives_its_context(void **state)
{
    struct tls_pair pairs[] = { PAIR("server"), PAIR("other") };
    struct tls_context *c =
        context(&(struct tls_server_options){ .pairs = pairs, .pair_count = 2 });
    SSL_CTX *openssl = c->openssl;
    struct tls_context alone = { .openssl = openssl };

    (void)state;
    SSL_CTX_up_ref(openssl);
    tls_server_unref(c);
    client_sees(&alone, "other.test", "other.test");
    SSL_CTX_free(openssl);
}

static void
what_is_in_use_is_told(void **state)
{
    struct tls_pair pairs[] = { PAIR("server"), PAIR("other") };
    struct tls_context *c =
        context(&(struct tls_server_options){ .pairs = pairs, .pair_count = 2 });
    const struct tls_certificate *first = tls_server_certificate(c, 0);

    (void)state;
    assert_string_equal(first->names, "localhost");
    assert_string_equal(first->key_type, "EC");
    assert_int_equal(first->until_s - first->from_s, 86400 + 3600);
    assert_int_equal(strlen(first->digest), 64);
    assert_string_not_equal(first->digest, tls_server_certificate(c, 1)->digest);
    assert_null(tls_server_certificate(c, 2));
    tls_server_unref(c);
}

static void
ciphers_that_leave_nothing_are_refused(void **state)
{
    struct tls_pair pair = PAIR("server");
    const struct tls_server_options bad[] = {
        { .pairs = &pair, .pair_count = 1, .ciphers = "nonsense" },
        { .pairs = &pair, .pair_count = 1, .ciphers = ":" },
        { .pairs = &pair, .pair_count = 1, .ciphers = "TLS_NONSENSE" },
        { .pairs = &pair, .pair_count = 1, .no_tls12 = true, .no_tls13 = true },
        { .pairs = &pair, .pair_count = 1, .no_tls13 = true, .ciphers = "TLS_AES_128_GCM_SHA256" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct tls_fault f = { 0 };

        assert_null(tls_server_new(&bad[i], &f));
        assert_int_equal(f.part, TLS_PART_CIPHERS);
        assert_true(f.sentence.len > 0);
        buffer_fini(&f.sentence);
    }
}

static void
copy(const char *from, const char *folder, const char *to, time_t time)
{
    char command[512], path[256];
    const struct timespec times[2] = { { .tv_sec = time }, { .tv_sec = time } };

    snprintf(path, sizeof(path), "%s/%s", certs_path(folder), to);
    snprintf(command, sizeof(command), "mkdir -p %s && cp %s %s", certs_path(folder),
        certs_path(from), path);
    assert_int_equal(system(command), 0);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void
the_newest_pair_of_a_pattern_that_fits_is_taken(void **state)
{
    char cert_path[128], key_path[128];
    const struct tls_pair pair = { .cert_path = cert_path, .key_path = key_path };
    const struct tls_server_options o = { .pairs = &pair, .pair_count = 1 };
    struct buffer before = { 0 }, after = { 0 };
    struct tls_context *c;

    (void)state;
    snprintf(cert_path, sizeof(cert_path), "%s", certs_path("site/*/cert"));
    snprintf(key_path, sizeof(key_path), "%s", certs_path("site/*/key"));
    copy("server.pem", "site/9", "cert", 1000);
    copy("server.key", "site/9", "key", 1000);
    copy("other.pem", "site/10", "cert", 2000);
    copy("other.key", "site/10", "key", 2000);
    c = context(&o);
    client_sees(c, NULL, "other.test");
    assert_null(tls_server_certificate(c, 0)->passed_over);
    tls_server_unref(c);
    tls_files_mark(&o, &before);
    copy("server.pem", "site/11", "cert", 3000);
    copy("other.key", "site/11", "key", 3000);
    tls_files_mark(&o, &after);
    assert_false(str_equal(buffer_str(&before), buffer_str(&after)));
    c = context(&o);
    client_sees(c, NULL, "other.test");
    assert_non_null(strstr(tls_server_certificate(c, 0)->passed_over, "site/11/key does not"));
    tls_server_unref(c);
    buffer_fini(&before);
    buffer_fini(&after);
}

static void
a_pattern_without_a_match_is_named(void **state)
{
    const struct tls_pair pair = { .cert_path = "/nowhere/*/a", .key_path = "/nowhere/*/b" };
    struct tls_fault f = { 0 };

    (void)state;
    assert_null(
        tls_server_new(&(struct tls_server_options){ .pairs = &pair, .pair_count = 1 }, &f));
    assert_true(
        str_is(buffer_str(&f.sentence), "no readable file matches the pattern /nowhere/*/a"));
    assert_int_equal(f.part, TLS_PART_CERT);
    buffer_fini(&f.sentence);
}

static enum tls_verify
verdict_of(const char *cert, const char *key)
{
    struct tls_context *c = server_context(cert, key);
    const char *reason;
    enum tls_verify verdict = tls_server_verify(c, &reason);

    assert_non_null(reason);
    tls_server_unref(c);
    return verdict;
}

static void
a_known_authority_is_good(void **state)
{
    (void)state;
    setenv("SSL_CERT_FILE", certs_path("ca.pem"), 1);
    assert_int_equal(verdict_of("server.pem", "server.key"), TLS_VERIFY_GOOD);
}

static void
an_unknown_one_may_be_a_missing_link(void **state)
{
    (void)state;
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    assert_int_equal(verdict_of("server.pem", "server.key"), TLS_VERIFY_INCOMPLETE);
}

static void
one_that_is_sent_along_signed_itself(void **state)
{
    (void)state;
    setenv("SSL_CERT_FILE", "/dev/null", 1);
    assert_int_equal(verdict_of("full.pem", "server.key"), TLS_VERIFY_SELF_SIGNED);
}

static int
tear_down(void **state)
{
    char command[128];

    snprintf(command, sizeof(command), "rm -rf %s", certs_path("site"));
    return system(command) + certs_tear_down(state);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_name_chooses),
        cmocka_unit_test(a_handshake_outlives_its_context),
        cmocka_unit_test(what_is_in_use_is_told),
        cmocka_unit_test(ciphers_that_leave_nothing_are_refused),
        cmocka_unit_test(the_newest_pair_of_a_pattern_that_fits_is_taken),
        cmocka_unit_test(a_pattern_without_a_match_is_named),
        cmocka_unit_test(a_known_authority_is_good),
        cmocka_unit_test(an_unknown_one_may_be_a_missing_link),
        cmocka_unit_test(one_that_is_sent_along_signed_itself),
    };

    alarm(60);
    return cmocka_run_group_tests_name("tls/tls_server", tests, certs_set_up, tear_down);
}
