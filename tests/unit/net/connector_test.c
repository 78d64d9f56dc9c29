/* SPDX-License-Identifier: MIT */
/*
 * Tests of the connector: one call back, with a stream or with a sentence.
 */
#include <sys/un.h>

#include "tls_house.h"

static void
connect_to(struct loop *l, struct call *c, const struct connector_target *target)
{
    *c = (struct call){ 0 };
    connector_open(l, target, call_on_done, c);
    assert_int_equal(c->calls, 0);
    TURN_UNTIL(l, c->calls);
    loop_turn(l);
    assert_int_equal(c->calls, 1);
}

static void
name_is_resolved_and_connected(void **state)
{
    struct loop *l = loop_new();
    unsigned port;
    int fd = listen_any("127.0.0.1", &port);
    struct connector_target target = { .host = "localhost", .port = port, .timeout_ms = 20000 };
    struct call c;

    (void)state;
    assert_int_equal(listen(fd, 1), 0);
    connect_to(l, &c, &target);
    assert_non_null(c.client.s);
    assert_string_equal(stream_peer(c.client.s, (char[STREAM_PEER_SIZE]){ 0 }), "127.0.0.1");
    peer_fini(l, &c.client);
    close(fd);
    loop_free(l);
}

static void
localhost_is_either_loopback(void **state)
{
    static const char *const loopbacks[] = { "127.0.0.1", "::1" };
    struct loop *l = loop_new();
    struct call c;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(loopbacks); i++) {
        unsigned port;
        int fd = listen_any(loopbacks[i], &port);
        struct connector_target target = { .host = "localhost", .port = port, .timeout_ms = 20000 };

        assert_int_equal(listen(fd, 1), 0);
        connect_to(l, &c, &target);
        assert_non_null(c.client.s);
        assert_string_equal(stream_peer(c.client.s, (char[STREAM_PEER_SIZE]){ 0 }), loopbacks[i]);
        peer_fini(l, &c.client);
        close(fd);
    }
    loop_free(l);
}

static void
unix_socket_is_connected(void **state)
{
    struct loop *l = loop_new();
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    struct connector_target target = { .path = at.sun_path, .timeout_ms = 20000 };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), other;
    struct call c;

    (void)state;
    snprintf(at.sun_path, sizeof(at.sun_path), "%s", certs_path("broken.pem"));
    unlink(at.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 1), 0);
    connect_to(l, &c, &target);
    assert_non_null(c.client.s);
    assert_string_equal(stream_peer(c.client.s, (char[STREAM_PEER_SIZE]){ 0 }), "unix");
    other = accept(fd, NULL, NULL);
    assert_int_equal(write(other, "abc", 3), 3);
    TURN_UNTIL(l, peer_got(&c.client, "abc"));
    peer_fini(l, &c.client);
    close(other);
    close(fd);
    loop_free(l);
}

static void
failures_are_sentences(void **state)
{
    struct loop *l = loop_new();
    unsigned port;
    int fd = listen_any("127.0.0.1", &port);
    struct connector_target target = { .host = "127.0.0.1", .port = port, .timeout_ms = 20000 };
    char expected[96], path[200] = "/";
    struct call c;

    (void)state;
    close(fd);
    connect_to(l, &c, &target);
    assert_null(c.client.s);
    snprintf(expected, sizeof(expected), "connection refused by 127.0.0.1:%u", port);
    assert_string_equal(c.error, expected);

    target.path = "/nowhere/socket";
    connect_to(l, &c, &target);
    assert_string_equal(c.error, "cannot connect to /nowhere/socket: no such file or directory");

    memset(path, 'x', sizeof(path) - 1);
    target.path = path;
    connect_to(l, &c, &target);
    assert_memory_equal(c.error, "the path of the socket is too long", 34);

    target.path = NULL;
    target.host = "no.such.name.invalid";
    connect_to(l, &c, &target);
    assert_memory_equal(c.error, "cannot resolve no.such.name.invalid: ", 37);
    loop_free(l);
}

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
        cmocka_unit_test(name_is_resolved_and_connected),
        cmocka_unit_test(localhost_is_either_loopback),
        cmocka_unit_test(unix_socket_is_connected),
        cmocka_unit_test(failures_are_sentences),
        cmocka_unit_test(silent_tls_server_times_out),
        cmocka_unit_test(certificate_is_verified),
        cmocka_unit_test(peer_that_hangs_up_is_named),
        cmocka_unit_test(cancelled_connector_is_silent),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/connector", tests, certs_set_up, certs_tear_down);
}
