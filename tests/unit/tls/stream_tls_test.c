/* SPDX-License-Identifier: MIT */
/*
 * Tests of TLS streams against this program's own client, and against OpenSSL's.
 */
#include <sys/ioctl.h>

#include "tls_house.h"
#include "visitor.h"

static void
both_sides_talk(void **state)
{
    struct house h;
    struct call c;

    (void)state;
    house_open(&h);
    h.echo = true;
    call_house(&h, &c, "ca.pem", NULL);
    assert_non_null(c.client.s);
    assert_true(stream_is_encrypted(c.client.s));
    peer_say(&c.client, "hello");
    TURN_UNTIL(h.l, peer_got(&c.client, "hello"));
    assert_int_equal(stream_bytes_in(c.client.s), 5);
    assert_int_equal(stream_bytes_out(c.client.s), 5);
    assert_int_equal(stream_queued(h.server.s), 0);
    peer_fini(h.l, &c.client);
    house_close(&h);
}

static void
queued_before_the_handshake_is_sent_after_it(void **state)
{
    struct house h;
    struct call c;

    (void)state;
    house_open(&h);
    call_house(&h, &c, "ca.pem", NULL);
    peer_say(&c.client, "from the client");
    peer_say(&h.server, "from the server");
    TURN_UNTIL(h.l, peer_got(&c.client, "from the server"));
    TURN_UNTIL(h.l, peer_got(&h.server, "from the client"));
    peer_fini(h.l, &c.client);
    house_close(&h);
}

/* Something of every length around a record's, and more than the sockets hold. */
static struct bytes *
lump(size_t len)
{
    struct bytes *b = bytes_alloc(len);

    for (size_t i = 0; i < len; i++)
        b->data[i] = (char)(i * 7 + i / 251);
    return b;
}

static void
large_data_arrives_whole(void **state)
{
    static const size_t sizes[] = { 1, 16383, 16384, 16385, 40000, 5000000, 3, 100000 };
    struct house h;
    struct call c;
    struct buffer sent = { 0 };

    (void)state;
    house_open(&h);
    call_house(&h, &c, "ca.pem", NULL);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct bytes *b = lump(sizes[i]);

        buffer_append(&sent, b->data, b->len);
        stream_send(c.client.s, b);
        stream_send(h.server.s, b);
        bytes_unref(b);
    }
    TURN_UNTIL(h.l, c.client.got.len == sent.len && h.server.got.len == sent.len);
    assert_memory_equal(c.client.got.data, sent.data, sent.len);
    assert_memory_equal(h.server.got.data, sent.data, sent.len);
    TURN_UNTIL(h.l, c.client.drains == 1 && h.server.drains == 1);
    assert_int_equal(stream_queued(h.server.s), 0);
    buffer_fini(&sent);
    peer_fini(h.l, &c.client);
    house_close(&h);
}

static void
burst_is_one_record(void **state)
{
    struct house h;
    struct call c;

    (void)state;
    house_open(&h);
    call_house(&h, &c, "ca.pem", NULL);
    for (int i = 0; i < 50; i++)
        peer_say(&h.server, "ab");
    TURN_UNTIL(h.l, c.client.got.len == 100);
    assert_int_equal(c.client.chunks, 1);
    peer_fini(h.l, &c.client);
    house_close(&h);
}

static void
pause_holds_decrypted_data_too(void **state)
{
    struct house h;
    struct call c;
    struct bytes *b = lump(60000);

    (void)state;
    house_open(&h);
    call_house(&h, &c, "ca.pem", NULL);
    c.client.pause_on_data = true;
    stream_send(h.server.s, b);
    TURN_UNTIL(h.l, c.client.chunks == 1);
    for (int i = 0; i < 5; i++)
        loop_turn(h.l);
    assert_int_equal(c.client.chunks, 1);
    while (c.client.got.len < b->len) {
        stream_resume(c.client.s);
        loop_turn(h.l);
    }
    assert_memory_equal(c.client.got.data, b->data, b->len);
    bytes_unref(b);
    peer_fini(h.l, &c.client);
    house_close(&h);
}

static void
close_within_on_data_is_safe(void **state)
{
    struct house h;
    struct call c;
    struct bytes *b = lump(60000);

    (void)state;
    house_open(&h);
    call_house(&h, &c, "ca.pem", NULL);
    c.client.close_on_data = true;
    stream_send(h.server.s, b);
    TURN_UNTIL(h.l, c.client.ends == 1);
    assert_int_equal(c.client.chunks, 1);
    TURN_UNTIL(h.l, h.server.ends == 1);
    bytes_unref(b);
    peer_fini(h.l, &c.client);
    house_close(&h);
}

static void
finish_sends_all_and_says_goodbye(void **state)
{
    struct house h;
    struct call c;
    struct bytes *b = lump(3000000);

    (void)state;
    house_open(&h);
    call_house(&h, &c, "ca.pem", NULL);
    stream_send(h.server.s, b);
    stream_finish(h.server.s);
    TURN_UNTIL(h.l, c.client.ends && h.server.ends);
    assert_int_equal(c.client.why, STREAM_END_PEER);
    assert_int_equal(h.server.why, STREAM_END_LOCAL);
    assert_int_equal(c.client.got.len, b->len);
    bytes_unref(b);
    peer_fini(h.l, &c.client);
    house_close(&h);
}

static void
refusal_within_on_accept_is_read(void **state)
{
    struct house h;
    struct call c;
    int fd;

    (void)state;
    house_open(&h);
    fd = dial(h.port);
    TURN_UNTIL(h.l, h.accepted);
    peer_say(&h.server, "no room");
    stream_finish(h.server.s);
    shutdown(fd, SHUT_WR);
    TURN_UNTIL(h.l, h.server.ends);
    assert_int_equal(h.server.why, STREAM_END_PEER);
    close(fd);
    call_house(&h, &c, "ca.pem", NULL);
    peer_say(&h.server, "no room");
    stream_finish(h.server.s);
    TURN_UNTIL(h.l, c.client.ends);
    assert_true(peer_got(&c.client, "no room"));
    peer_fini(h.l, &c.client);
    house_close(&h);
}

static void
plain_text_ends_quietly(void **state)
{
    struct house h;
    int fd;

    (void)state;
    house_open(&h);
    fd = dial(h.port);
    assert_int_equal(write(fd, "GET / HTTP/1.1\r\n\r\n", 18), 18);
    TURN_UNTIL(h.l, h.server.ends);
    assert_int_equal(h.server.why, STREAM_END_FAILED);
    assert_int_equal(h.server.got.len, 0);
    close(fd);
    house_close(&h);
}

/* The clock is moved: ten seconds are not waited for. */
static void
silent_handshake_times_out(void **state)
{
    struct house h;
    int fd;

    (void)state;
    house_open(&h);
    fd = dial(h.port);
    TURN_UNTIL(h.l, h.accepted);
    assert_true(timer_active(&h.server.s->limit));
    assert_true(h.server.s->limit.due_ms >= loop_now_ms(h.l) + 9000);
    assert_true(h.server.s->limit.due_ms <= loop_now_ms(h.l) + 11000);
    h.server.s->limit.on_due(h.server.s);
    TURN_UNTIL(h.l, h.server.ends);
    assert_int_equal(h.server.why, STREAM_END_TIMEOUT);
    close(fd);
    house_close(&h);
}

static void
openssl_client_is_served(int version)
{
    struct visitor v;
    struct house h;

    house_open(&h);
    visitor_init(&v, &h, version);
    v.protocols = "\x02h2\x08http/1.1";
    receive(&h, &v);
    assert_false(v.resumed);
    receive(&h, &v);
    assert_false(v.failed);
    assert_string_equal(v.answer, "pong");
    assert_string_equal(v.alpn, "http/1.1");
    assert_true(v.goodbye);
    assert_true(v.resumed);
    visitor_fini(&v);
    house_close(&h);
}

static void
tls_1_3_is_served_and_resumed(void **state)
{
    (void)state;
    openssl_client_is_served(TLS1_3_VERSION);
}

static void
tls_1_2_is_served_and_resumed(void **state)
{
    (void)state;
    openssl_client_is_served(TLS1_2_VERSION);
}

static void
tls_1_1_is_refused(void **state)
{
    struct visitor v;
    struct house h;

    (void)state;
    house_open(&h);
    visitor_init(&v, &h, TLS1_1_VERSION);
    receive(&h, &v);
    assert_true(v.failed);
    visitor_fini(&v);
    house_close(&h);
}

static void
new_context_serves_new_connections(void **state)
{
    struct house h;
    struct call c;
    struct tls_context *other = server_context("other.pem", "other.key");

    (void)state;
    house_open(&h);
    tls_server_unref(h.tls);
    h.tls = other;
    call_house(&h, &c, "ca.pem", "other.test");
    assert_non_null(c.client.s);
    peer_fini(h.l, &c.client);
    house_close(&h);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_talk),
        cmocka_unit_test(queued_before_the_handshake_is_sent_after_it),
        cmocka_unit_test(large_data_arrives_whole),
        cmocka_unit_test(burst_is_one_record),
        cmocka_unit_test(pause_holds_decrypted_data_too),
        cmocka_unit_test(close_within_on_data_is_safe),
        cmocka_unit_test(finish_sends_all_and_says_goodbye),
        cmocka_unit_test(refusal_within_on_accept_is_read),
        cmocka_unit_test(plain_text_ends_quietly),
        cmocka_unit_test(silent_handshake_times_out),
        cmocka_unit_test(tls_1_3_is_served_and_resumed),
        cmocka_unit_test(tls_1_2_is_served_and_resumed),
        cmocka_unit_test(tls_1_1_is_refused),
        cmocka_unit_test(new_context_serves_new_connections),
    };

    alarm(100);
    return cmocka_run_group_tests_name("tls/stream_tls", tests, certs_set_up, certs_tear_down);
}
