/* SPDX-License-Identifier: MIT */
/*
 * Tests of the connector: one call back, with a stream or with a sentence.
 */
#include <sys/un.h>

#include "peer.h"

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
    assert_string_equal(peer_address(c.client.s, (char[ADDRESS_TEXT_SIZE]){ 0 }), "127.0.0.1");
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
        assert_string_equal(peer_address(c.client.s, (char[ADDRESS_TEXT_SIZE]){ 0 }), loopbacks[i]);
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
    snprintf(at.sun_path, sizeof(at.sun_path), "/tmp/echo-server-connector-%d", (int)getpid());
    unlink(at.sun_path);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(fd, 1), 0);
    connect_to(l, &c, &target);
    assert_non_null(c.client.s);
    assert_string_equal(peer_address(c.client.s, (char[ADDRESS_TEXT_SIZE]){ 0 }), "unix");
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

/* At every stage: before it began, while it connects, when it is done. */
static void
cancelled_connector_is_silent(void **state)
{
    struct loop *l = loop_new();
    unsigned port;
    int fd = listen_any("127.0.0.1", &port);
    struct connector_target target = { .port = port, .timeout_ms = 20000 };

    (void)state;
    assert_int_equal(listen(fd, 8), 0);
    for (int turns = 0; turns < 8; turns++) {
        struct call c = { 0 };
        struct connector *n;

        target.host = turns % 2 ? "localhost" : "127.0.0.1";
        n = connector_open(l, &target, call_on_done, &c);
        for (int i = 0; i < turns / 2 && c.calls == 0; i++)
            loop_turn(l);
        if (c.calls == 0)
            connector_cancel(n);
        for (int i = 0; i < 20; i++)
            loop_turn(l);
        assert_int_equal(c.calls, c.client.s ? 1 : 0);
        if (c.client.s)
            peer_fini(l, &c.client);
    }
    connector_cancel(NULL);
    close(fd);
    loop_free(l);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_is_resolved_and_connected),
        cmocka_unit_test(localhost_is_either_loopback),
        cmocka_unit_test(unix_socket_is_connected),
        cmocka_unit_test(failures_are_sentences),
        cmocka_unit_test(cancelled_connector_is_silent),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/connector", tests, NULL, NULL);
}
