/* SPDX-License-Identifier: MIT */
/*
 * websocket: messages, control frames and closes on the wire.
 */
#include "dialogue.h"

static void
messages_are_echoed_in_order(void **state)
{
    struct client c = dial(*state);

    open_websocket(&c, 4);
    say_packet(&c, "4one");
    say_packet(&c, "4twice");
    hear_packet(&c, "4echo:one");
    hear_packet(&c, "4echo:twice");
    hear_packet(&c, "4echo:twice");
    hang_up(&c);
}

static void
binary_messages_differ_by_version(void **state)
{
    struct server *v = *state;
    struct client c3 = dial(v), c4 = dial(v);

    open_websocket(&c3, 3);
    open_websocket(&c4, 4);
    say_frame(&c3, 0x82, "\4AB", 3);
    hear_packet(&c3, "4echo:AB");
    say_packet(&c3, "b4Q0Q=");
    hear_packet(&c3, "4echo:CD");
    say_frame(&c3, 0x82, "\2", 1); /* a ping */
    hear_packet(&c3, "3");
    say_frame(&c4, 0x82, "\4E", 2);
    hear_packet(&c4, "4echo:\4E");
    assert_true(str_is(buffer_str(&v->heard), "AB(binary) CD(binary) \4E(binary) "));
    hang_up(&c3);
    hang_up(&c4);
}

static void
a_ping_frame_is_answered_with_its_data(void **state)
{
    struct client c = dial(*state);

    open_websocket(&c, 4);
    say_frame(&c, 0x89, "data", 4);
    HEAR(&c, "\x8a\x04"
             "data");
    say_frame(&c, 0x8a, "", 0);
    hear_nothing(&c, 20);
    hang_up(&c);
}

static void
a_close_frame_is_echoed(void **state)
{
    struct server *v = *state;
    struct client c = dial(v), bare = dial(v);

    open_websocket(&c, 4);
    say_frame(&c, 0x88,
        "\x0f\xa1"
        "bye",
        5);
    HEAR(&c, "\x88\x02\x0f\xa1");
    hear_end(&c);
    assert_int_equal(v->why, EIO_END_PEER);
    open_websocket(&bare, 4);
    say_frame(&bare, 0x88, "", 0);
    HEAR(&bare, "\x88\x00");
    hear_end(&bare);
    assert_int_equal(v->closed, 2);
    hang_up(&c);
    hang_up(&bare);
}

static void
broken_rules_are_named(void **state)
{
    struct server *v = *state;
    struct client raw = dial(v), text = dial(v), large = dial(v);

    open_websocket(&raw, 4);
    say(&raw, "\x81\x02"
              "4a");
    HEAR(&raw, "\x88\x02\x03\xea");
    hear_end(&raw);
    assert_int_equal(v->why, EIO_END_PARSE);
    open_websocket(&text, 4);
    say_packet(&text, "4\xff");
    HEAR(&text, "\x88\x02\x03\xef");
    hear_end(&text);
    open_websocket(&large, 4);
    say_bytes(&large, "\x82\xff\0\0\0\0\0\x01\x86\xa1\0\0\0\0", 14);
    HEAR(&large, "\x88\x02\x03\xf1");
    hear_end(&large);
    assert_int_equal(v->why, EIO_END_TOO_LARGE);
    assert_int_equal(v->closed, 3);
    hang_up(&raw);
    hang_up(&text);
    hang_up(&large);
}

static void
a_message_of_exactly_the_limit_passes(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);
    char *data = mem_zalloc(v->limits.message_bytes);

    open_websocket(&c, 4);
    memset(data, 'x', v->limits.message_bytes);
    say_frame(&c, 0x82, data, v->limits.message_bytes);
    hear_at_least(&c, v->limits.message_bytes + 16);
    assert_memory_equal(c.in.data + 10, "4echo:xxx", 9);
    free(data);
    hang_up(&c);
}

static void
engine_closes_send_an_empty_close_frame(void **state)
{
    static const char *const packets[] = { "1", "4close", "x", "", "2" };
    struct server *v = *state;

    for (size_t i = 0; i < COUNT_OF(packets); i++) {
        struct client c = dial(v);
        open_websocket(&c, 4);
        say_packet(&c, packets[i]);
        say_packet(&c, "4late");
        HEAR(&c, "\x88\x00");
        hear_end(&c);
        assert_int_equal(v->closed, i + 1);
        hang_up(&c);
    }
    assert_int_equal(v->heard.len, strlen("close "));
}

static void
a_lost_connection_ends_the_session(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);

    open_websocket(&c, 3);
    hang_up(&c);
    turn_for(v, 50);
    assert_int_equal(v->closed, 1);
    assert_int_equal(engine_session_count(v->engine), 0);
}

static void
a_paused_session_reads_nothing(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);

    open_websocket(&c, 4);
    say_packet(&c, "4pause");
    say_packet(&c, "4pause");
    say_packet(&c, "4two");
    hear_packet(&c, "4echo:pause");
    hear_nothing(&c, 20);
    say_packet(&c, "4three");
    hear_nothing(&c, 20);
    eio_session_resume(only_session(v));
    hear_packet(&c, "4echo:pause");
    hear_nothing(&c, 20);
    eio_session_resume(only_session(v));
    hear_packet(&c, "4echo:two");
    hear_packet(&c, "4echo:three");
    say_packet(&c, "4four");
    hear_packet(&c, "4echo:four");
    hang_up(&c);
}

static void
a_broadcast_spares_one(void **state)
{
    struct server *v = *state;
    struct client c[3];
    struct eio_session *sessions[3];
    struct bytes *text = bytes_new("42[\"x\"]", 7);

    for (int i = 0; i < 3; i++) {
        c[i] = dial(v);
        open_websocket(&c[i], 4);
        sessions[i] = LIST_ENTRY(v->parties.prev, struct party, node)->session;
    }
    assert_int_equal(eio_session_broadcast(sessions, 3, text, sessions[1]), 2);
    assert_int_equal(eio_session_broadcast(sessions, 3, text, NULL), 3);
    bytes_unref(text);
    for (int i = 0; i < 3; i++) {
        say_packet(&c[i], "4end");
        for (int heard = i == 1; heard < 2; heard++)
            hear_packet(&c[i], "42[\"x\"]");
        hear_packet(&c[i], "4echo:end");
        hang_up(&c[i]);
    }
}

static void
a_reader_that_never_reads_is_slow(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);
    struct bytes *text = bytes_alloc(1 << 20);

    open_websocket(&c, 4);
    memset(text->data, '4', text->len);
    struct eio_message *m = eio_message_new(NULL, text);
    bytes_unref(text);
    for (int i = 0; i < 40 && v->closed == 0; i++) {
        eio_session_send(only_session(v), m);
        turn(v);
    }
    eio_message_release(m);
    assert_int_equal(v->closed, 1);
    assert_int_equal(v->why, EIO_END_SLOW);
    hang_up(&c);
}

/* 2 bytes of pong for 6 of ping: what they take is bookkeeping. */
static void
a_reader_that_only_asks_is_slow(void **state)
{
    struct server *v = *state;
    struct client c = dial(v);
    struct buffer pings = { 0 };

    open_websocket(&c, 4);
    v->limits.queue_bytes = 10000;
    for (int i = 0; i < 8000; i++)
        buffer_append(&pings, "\x89\x80mask", 6);
    for (size_t at = 0; v->closed == 0; at %= pings.len) {
        ssize_t sent = send(c.fd, pings.data + at, pings.len - at, MSG_NOSIGNAL);

        at += sent > 0 ? (size_t)sent : 0;
        loop_turn(v->loop);
    }
    assert_int_equal(v->closed, 1);
    assert_int_equal(v->why, EIO_END_SLOW);
    buffer_fini(&pings);
    hang_up(&c);
}

static void
deflate_is_agreed_when_configured(void **state)
{
    struct server *v = *state;
    struct client off = dial(v), on = dial(v);
    char *text = mem_zalloc(2001);

    say_upgrade(&off, "EIO=4&transport=websocket",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
    HEAR(&off, ACCEPTED "\r\n");
    hang_up(&off);
    turn_for(v, 20);
    v->limits.deflate = true;
    say_upgrade(&on, "EIO=4&transport=websocket",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
    HEAR(&on, ACCEPTED "Sec-WebSocket-Extensions: permessage-deflate; "
                       "server_no_context_takeover; client_no_context_takeover\r\n\r\n\x81");
    hear_at_least(&on, 1);
    hear_at_least(&on, 1 + (size_t)on.in.data[0]);
    buffer_clear(&on.in);
    memset(text, '4', 2000);
    send_text(only_session(v), text);
    hear_at_least(&on, 2);
    assert_memory_equal(on.in.data, "\xc1", 1);
    free(text);
    hang_up(&on);
}

static void
shutdown_closes_without_a_word(void **state)
{
    struct server *v = *state;
    struct client ws = dial(v), get = dial(v), late = dial(v);
    struct sid_query q;

    open_websocket(&ws, 3);
    q = open_polling(&get, 3);
    say_get(&get, 3, q.text);
    hear_nothing(&get, 10);
    engine_shutdown(v->engine, NULL);
    HEAR(&ws, "\x88\x00");
    hear_end(&ws);
    expect_answer(&get, 200, "1:1");
    assert_int_equal(v->closed, 2);
    assert_int_equal(v->why, EIO_END_SHUTDOWN);
    say_get(&late, 3, "");
    expect_answer(&late, 503, "The server is stopping\n");
    hang_up(&ws);
    hang_up(&get);
    hang_up(&late);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(messages_are_echoed_in_order),
        ENGINE_TEST(binary_messages_differ_by_version),
        ENGINE_TEST(a_ping_frame_is_answered_with_its_data),
        ENGINE_TEST(a_close_frame_is_echoed),
        ENGINE_TEST(broken_rules_are_named),
        ENGINE_TEST(a_message_of_exactly_the_limit_passes),
        ENGINE_TEST(engine_closes_send_an_empty_close_frame),
        ENGINE_TEST(a_lost_connection_ends_the_session),
        ENGINE_TEST(a_paused_session_reads_nothing),
        ENGINE_TEST(a_broadcast_spares_one),
        ENGINE_TEST(a_reader_that_never_reads_is_slow),
        ENGINE_TEST(a_reader_that_only_asks_is_slow),
        ENGINE_TEST(deflate_is_agreed_when_configured),
        ENGINE_TEST(shutdown_closes_without_a_word),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
