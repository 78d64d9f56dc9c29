/* SPDX-License-Identifier: MIT */
/*
 * Tests of tls_client: what PEM makes a context, which sentence says that it does not, and what a
 * connector says of a handshake that failed.
 */
#include "tls/tls_client.h"

#include "tls_house.h"

static void
is_taken(struct tls_client_options o)
{
    struct buffer error = { 0 };
    struct connector_secure *c;

    o.verify = true;
    c = tls_client_from_pem(&o, &error);
    assert_non_null(c);
    assert_int_equal(error.len, 0);
    connector_secure_unref(c);
}

static void
is_refused(const struct tls_client_options *o, const char *sentence)
{
    struct buffer error = { 0 };

    assert_null(tls_client_from_pem(o, &error));
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
    snprintf(expected, sizeof(expected), "ca: %s holds no usable certificate in PEM form", o.ca);
    is_refused(&o, expected);
    o = (struct tls_client_options){ .ca = content_of("server.key", key) };
    is_refused(&o, "ca: the text holds no usable certificate in PEM form");
    o = (struct tls_client_options){ .cert = certs_path("server.pem") };
    is_refused(&o, "key: cert and key must be given together");
    o = (struct tls_client_options){ .key = certs_path("server.key") };
    is_refused(&o, "cert: cert and key must be given together");
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

/* ---- with a connector ---- */

static void
silent_tls_server_times_out(void **state)
{
    struct loop *l = loop_new();
    struct buffer error = { 0 };
    unsigned port;
    int fd = listen_any("127.0.0.1", &port);
    struct connector_target target = { .host = "127.0.0.1", .port = port, .timeout_ms = 50 };
    char expected[96];
    struct call c;

    (void)state;
    assert_int_equal(listen(fd, 1), 0);
    target.secure = tls_client_new(true, NULL, &error);
    assert_non_null(target.secure);
    connect_to(l, &c, &target);
    snprintf(expected, sizeof(expected), "no answer from 127.0.0.1:%u in time", port);
    assert_string_equal(c.error, expected);
    connector_secure_unref(target.secure);
    close(fd);
    loop_free(l);
}

static void
certificate_is_verified(void **state)
{
    struct house h;
    struct call c;

    (void)state;
    house_open(&h);
    call_house(&h, &c, "ca.pem", NULL);
    assert_non_null(c.client.s);
    peer_fini(h.l, &c.client);
    call_house(&h, &c, "ca.pem", "localhost");
    assert_non_null(c.client.s);
    peer_fini(h.l, &c.client);
    call_house(&h, &c, "ca.pem", "other.test");
    assert_null(c.client.s);
    assert_string_equal(c.error, "certificate verify failed: hostname mismatch");
    call_house(&h, &c, "ca.pem", "127.0.0.2");
    assert_string_equal(c.error, "certificate verify failed: IP address mismatch");
    call_house(&h, &c, "other.pem", NULL);
    assert_string_equal(
        c.error, "certificate verify failed: unable to get local issuer certificate");
    call_house(&h, &c, NULL, "other.test");
    assert_non_null(c.client.s);
    peer_fini(h.l, &c.client);
    house_close(&h);
}

static void
peer_that_hangs_up_is_named(void **state)
{
    struct loop *l = loop_new();
    struct buffer error = { 0 };
    unsigned port;
    int fd = listen_any("127.0.0.1", &port), other;
    struct connector_target target = { .host = "127.0.0.1", .port = port, .timeout_ms = 20000 };
    char expected[96], hello[2048];
    struct call c = { 0 };

    (void)state;
    assert_int_equal(listen(fd, 1), 0);
    target.secure = tls_client_new(true, NULL, &error);
    connector_open(l, &target, call_on_done, &c);
    while ((other = accept(fd, NULL, NULL)) < 0)
        loop_turn(l);
    while (recv(other, hello, sizeof(hello), MSG_DONTWAIT) <= 0)
        loop_turn(l);
    shutdown(other, SHUT_WR);
    TURN_UNTIL(l, c.calls);
    snprintf(expected, sizeof(expected), "127.0.0.1:%u ended the TLS handshake", port);
    assert_string_equal(c.error, expected);
    connector_secure_unref(target.secure);
    close(other);
    close(fd);
    loop_free(l);
}

/* At every stage: before it began, while it connects, while it shakes hands. */
static void
cancelled_connector_is_silent(void **state)
{
    struct house h;
    struct buffer error = { 0 };
    struct connector_target target = { .timeout_ms = 20000 };

    (void)state;
    house_open(&h);
    target.port = h.port;
    target.secure = tls_client_new(false, NULL, &error);
    for (int turns = 0; turns < 8; turns++) {
        struct call c = { 0 };
        struct connector *n;

        target.host = turns % 2 ? "localhost" : "127.0.0.1";
        n = connector_open(h.l, &target, call_on_done, &c);
        for (int i = 0; i < turns / 2 && c.calls == 0; i++)
            loop_turn(h.l);
        if (c.calls == 0)
            connector_cancel(n);
        for (int i = 0; i < 20; i++)
            loop_turn(h.l);
        if (c.client.s)
            peer_fini(h.l, &c.client);
        TURN_UNTIL(h.l, !h.server.s);
    }
    connector_cancel(NULL);
    connector_secure_unref(target.secure);
    house_close(&h);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_and_texts_are_the_same),
        cmocka_unit_test(what_cannot_be_used_is_named),
        cmocka_unit_test(passphrase_is_never_asked_for),
        cmocka_unit_test(bad_authority_is_named),
        cmocka_unit_test(silent_tls_server_times_out),
        cmocka_unit_test(certificate_is_verified),
        cmocka_unit_test(peer_that_hangs_up_is_named),
        cmocka_unit_test(cancelled_connector_is_silent),
    };

    alarm(60);
    return cmocka_run_group_tests_name("tls/tls_client", tests, certs_set_up, certs_tear_down);
}
