/* SPDX-License-Identifier: MIT */
/*
 * sio_socket: connect, ids, events and acks, in both versions.
 */
#include "socket/sio_socket.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "scene.h"
#include "wire/sio_packet.h"

/* ---- connect ---- */

static void
version_3_is_connected_at_once(void **state)
{
    (void)state;
    session_begin(3);
    assert_string_equal(session.sent, "40|");
    assert_int_equal(owner.connects, 1);
    assert_true(str_is(sio_socket_id(owner.socket), SID));
    assert_ptr_equal(sio_server_find(server, STR_LIT(SID)), owner.socket);
    assert_int_equal(sio_server_count(server), 1);
    session_end();
    assert_int_equal(owner.disconnects, 1);
    assert_int_equal(sio_server_count(server), 0);
}

static void
version_4_connects_with_or_without_payload(void **state)
{
    static const char *const packets[] = { "0", "0{}", "0{\"headers\":{\"A\":\"b\"}}", "0/,{}" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(packets); i++) {
        char expected[64];
        struct str id;

        owner = (struct owner){ 0 };
        session_begin(4);
        assert_string_equal(session.sent, "");
        assert_int_equal(owner.connects, 0);
        says(packets[i]);
        assert_int_equal(owner.connects, 1);
        id = sio_socket_id(owner.socket);
        assert_int_equal(id.len, 20);
        assert_false(str_is(id, SID));
        (void)snprintf(expected, sizeof(expected), "40{\"sid\":\"%.*s\"}|", STR_ARG(id));
        assert_string_equal(session.sent, expected);
        assert_ptr_equal(sio_server_find(server, id), owner.socket);
        assert_null(sio_server_find(server, STR_LIT(SID)));
        session_end();
    }
}

static void
version_4_must_connect_in_time(void **state)
{
    uint64_t end = clock_ms() + 2000;

    (void)state;
    session_begin(4);
    while (!session.closed && clock_ms() < end) {
        loop_turn(loop);
        usleep(1000);
    }
    assert_true(session.closed);
    assert_int_equal(session.why, EIO_END_CONNECT_TIMEOUT);
    says("0");
    assert_int_equal(owner.connects, 0);
}

static void
the_time_is_over_once_connected(void **state)
{
    uint64_t end = clock_ms() + 120;

    (void)state;
    connect_version(4);
    while (clock_ms() < end) {
        loop_turn(loop);
        usleep(1000);
    }
    assert_false(session.closed);
}

static void
other_namespaces_are_refused_in_the_form_of_the_version(void **state)
{
    (void)state;
    session_begin(4);
    says("0/foo?a=1,{\"x\":1}");
    assert_string_equal(session.sent, "44/foo?a=1,{\"message\":\"Invalid namespace\"}|");
    assert_false(session.closed);
    says("0");
    assert_int_equal(owner.connects, 1);
    session_end();

    owner = (struct owner){ 0 };
    connect_version(3);
    says("0/foo?a=1,");
    assert_string_equal(session.sent, "44/foo,\"Invalid namespace\"|");
    assert_false(session.closed);
}

static void
leaving_and_connecting_again_gives_a_new_id(void **state)
{
    struct str first_id;
    char first[32];

    (void)state;
    connect_version(4);
    first_id = sio_socket_id(owner.socket);
    memcpy(first, first_id.data, first_id.len);
    first[first_id.len] = '\0';
    says("1");
    assert_int_equal(owner.disconnects, 1);
    assert_int_equal(sio_server_count(server), 0);
    assert_false(session.closed);
    assert_string_equal(session.sent, "");
    says("0");
    assert_int_equal(owner.connects, 2);
    assert_false(str_is(sio_socket_id(owner.socket), first));
    assert_null(sio_server_find(server, str_of(first)));
    session_end();
    assert_int_equal(owner.disconnects, 2);
}

static void
version_3_connects_again_without_an_answer(void **state)
{
    (void)state;
    connect_version(3);
    says("1");
    assert_int_equal(owner.disconnects, 1);
    says("0");
    assert_int_equal(owner.connects, 2);
    assert_string_equal(session.sent, "");
    says("2[\"x\"]");
    assert_int_equal(owner.events, 1);
    assert_false(session.closed);
}

/* ---- public ids ---- */

static void
the_public_id_of_version_3_does_not_show_the_sid(void **state)
{
    struct str id;
    char first[32];

    (void)state;
    connect_version(3);
    id = sio_socket_public_id(owner.socket);
    assert_int_equal(id.len, 20);
    assert_false(str_is(id, SID));
    memcpy(first, id.data, id.len);
    first[id.len] = '\0';
    assert_ptr_equal(sio_server_find(server, str_of(first)), owner.socket);
    assert_ptr_equal(sio_server_find(server, STR_LIT(SID)), owner.socket);
    assert_int_equal(sio_server_count(server), 1);
    says("1");
    assert_null(sio_server_find(server, str_of(first)));
    says("0");
    assert_true(str_is(sio_socket_public_id(owner.socket), first));
    assert_ptr_equal(sio_server_find(server, str_of(first)), owner.socket);
    session_end();
    assert_null(sio_server_find(server, str_of(first)));
}

static void
the_public_id_of_version_4_is_the_id(void **state)
{
    (void)state;
    connect_version(4);
    assert_true(str_equal(sio_socket_public_id(owner.socket), sio_socket_id(owner.socket)));
    assert_ptr_equal(sio_server_find(server, sio_socket_public_id(owner.socket)), owner.socket);
}

static void
the_log_names_version_3_by_no_key(void **state)
{
    char name[SIO_SOCKET_LOG_SIZE], expected[SIO_SOCKET_LOG_SIZE];

    (void)state;
    connect_version(3);
    (void)snprintf(
        expected, sizeof(expected), "%.*s/%.6s", STR_ARG(sio_socket_public_id(owner.socket)), SID);
    assert_string_equal(sio_socket_log_id(owner.socket, name), expected);
}

static void
the_log_names_version_4_by_its_id(void **state)
{
    char name[SIO_SOCKET_LOG_SIZE];

    (void)state;
    connect_version(4);
    assert_true(str_is(sio_socket_id(owner.socket), sio_socket_log_id(owner.socket, name)));
}

static void
the_public_id_can_be_asked_for_when_the_socket_has_left(void **state)
{
    struct sio_socket *s;

    (void)state;
    connect_version(3);
    s = owner.socket;
    says("1");
    assert_int_equal(sio_socket_public_id(s).len, 20);
    assert_null(sio_server_find(server, sio_socket_public_id(s)));
}

/* ---- events ---- */

static void
an_event_comes_with_its_first_argument(void **state)
{
    (void)state;
    connect_version(3);
    says("2[\"subscribe\",{\"channel\":\"a\"},2]");
    assert_string_equal(owner.name, "\"subscribe\"");
    assert_string_equal(owner.argument, "{\"channel\":\"a\"}");
    assert_int_equal(owner.ack, SIO_NO_ACK);
    says("217[\"x\"]");
    assert_false(owner.had_argument);
    assert_int_equal(owner.ack, 17);
    assert_int_equal(owner.events, 2);
}

static void
emit_and_ack_have_the_form_of_the_wire(void **state)
{
    (void)state;
    connect_version(4);
    sio_socket_emit(
        owner.socket, STR_LIT("subscription_error"), STR_LIT("private-\"x"), STR_LIT("403"));
    sio_socket_emit(owner.socket, STR_LIT("e"), STR_LIT("c"), STR_LIT(""));
    sio_socket_ack(owner.socket, 7, STR_LIT("{\"ok\":true}"));
    assert_string_equal(session.sent,
        "42[\"subscription_error\",\"private-\\\"x\",403]|42[\"e\",\"c\"]|437[{\"ok\":true}]|");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(version_3_is_connected_at_once),
        TEST(version_4_connects_with_or_without_payload),
        TEST(version_4_must_connect_in_time),
        TEST(the_time_is_over_once_connected),
        TEST(other_namespaces_are_refused_in_the_form_of_the_version),
        TEST(leaving_and_connecting_again_gives_a_new_id),
        TEST(version_3_connects_again_without_an_answer),
        TEST(the_public_id_of_version_3_does_not_show_the_sid),
        TEST(the_public_id_of_version_4_is_the_id),
        TEST(the_log_names_version_3_by_no_key),
        TEST(the_log_names_version_4_by_its_id),
        TEST(the_public_id_can_be_asked_for_when_the_socket_has_left),
        TEST(an_event_comes_with_its_first_argument),
        TEST(emit_and_ack_have_the_form_of_the_wire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
