/* SPDX-License-Identifier: MIT */
/*
 * polling: held GETs, POSTs, and every way in which they end.
 */
#include "dialogue.h"

static void
a_post_is_heard_and_a_poll_answered(void **state)
{
    struct client get = dial(*state), post = dial(*state);
    struct sid_query q = open_polling(&get, 4);

    say_get(&get, 4, q.text);
    hear_nothing(&get, 20);
    say_post(&post, 4, q.text,
        "4one\x1e"
        "4two");
    expect_answer(&post, 200, "ok");
    expect_answer(&get, 200,
        "4echo:one\x1e"
        "4echo:two");
    hang_up(&get);
    hang_up(&post);
}

static void
what_waits_is_in_one_body(void **state)
{
    struct client get = dial(*state), post = dial(*state);
    struct sid_query q = open_polling(&get, 3);

    say_post(&post, 3, q.text, "5:4one!6:4\xe2\x82\xac\xe2\x82\xac\xf0\x9f\x98\x80!");
    expect_answer(&post, 200, "ok");
    say_post(&post, 3, q.text, "6:4twice");
    expect_answer(&post, 200, "ok");
    say_get(&get, 3, q.text);
    expect_answer(&get, 200,
        "10:4echo:one!11:4echo:\xe2\x82\xac\xe2\x82\xac\xf0\x9f\x98\x80!"
        "11:4echo:twice11:4echo:twice");
    hang_up(&get);
    hang_up(&post);
}

static void
a_second_poll_ends_the_session(void **state)
{
    struct server *v = *state;
    struct client first = dial(v), second = dial(v);
    struct sid_query q = open_polling(&first, 3);

    say_get(&first, 3, q.text);
    hear_nothing(&first, 20);
    say_get(&second, 3, q.text);
    expect_answer(&second, 400, "");
    expect_answer(&first, 200, "1:1");
    assert_int_equal(v->why, EIO_END_OVERLAP);
    say_get(&first, 3, q.text);
    expect_answer(&first, 400, "{\"code\":1,\"message\":\"Session ID unknown\"}");
    hang_up(&first);
    hang_up(&second);
}

static void
a_second_post_ends_the_session(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), first = dial(v), second = dial(v);
    struct sid_query q = open_polling(&get, 4);

    say_get(&get, 4, q.text);
    say(&first, "POST /socket.io/?EIO=4&transport=polling");
    say(&first, q.text);
    say(&first, " HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n4on");
    hear_nothing(&first, 20);
    say_post(&second, 4, q.text, "4two");
    expect_answer(&second, 400, "");
    expect_answer(&get, 200, "1");
    hear_end(&first);
    assert_int_equal(v->why, EIO_END_OVERLAP);
    hang_up(&get);
    hang_up(&first);
    hang_up(&second);
}

static void
a_dropped_poll_ends_the_session(void **state)
{
    struct server *v = *state;
    struct client get = dial(v);
    struct sid_query q = open_polling(&get, 4);

    say_get(&get, 4, q.text);
    hear_nothing(&get, 20);
    hang_up(&get);
    turn_for(v, 50);
    assert_int_equal(v->closed, 1);
    assert_int_equal(v->why, EIO_END_PEER);
}

static void
a_dropped_post_ends_the_session(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), post = dial(v);
    struct sid_query q = open_polling(&get, 4);

    say(&post, "POST /socket.io/?EIO=4&transport=polling");
    say(&post, q.text);
    say(&post, " HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n4on");
    hear_nothing(&post, 20);
    hang_up(&post);
    turn_for(v, 50);
    assert_int_equal(v->closed, 1);
    hang_up(&get);
}

static void
a_body_that_takes_too_long_gets_408_and_ends_the_session(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), post = dial(v);
    struct sid_query q = open_polling(&get, 4);

    v->http.body_timeout_ms = 50;
    say_get(&get, 4, q.text);
    say(&post, "POST /socket.io/?EIO=4&transport=polling");
    say(&post, q.text);
    say(&post, " HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n4on");
    expect_answer(&post, 408, "");
    hear_end(&post);
    expect_answer(&get, 200, "6");
    assert_int_equal(v->closed, 1);
    assert_int_equal(v->why, EIO_END_PEER);
    hang_up(&get);
    hang_up(&post);
}

static void
a_body_past_the_limit_gets_413_and_ends_the_session(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), post = dial(v);
    struct sid_query q = open_polling(&get, 4);

    say_get(&get, 4, q.text);
    say(&post, "POST /socket.io/?EIO=4&transport=polling");
    say(&post, q.text);
    say(&post, " HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n\r\n4on");
    struct answer a = hear_answer(&post);
    assert_int_equal(a.status, 413);
    assert_string_equal(a.body, "");
    assert_non_null(strstr(a.head, "Access-Control-Allow-Origin"));
    answer_fini(&a);
    hear_end(&post);
    expect_answer(&get, 200, "1");
    assert_int_equal(v->why, EIO_END_TOO_LARGE);
    hang_up(&get);
    hang_up(&post);
}

static void
a_malformed_body_ends_the_session(void **state)
{
    static const struct {
        unsigned version;
        const char *body, *heard, *last;
    } rows[] = {
        { 3, "", "", "1:1" }, { 3, "4:4one9:4two", "one ", "9:4echo:one1:1" },
        { 3, "x", "", "1:1" }, { 4, "", "", "1" },
        { 4,
            "4one\x1e"
            "9x\x1e"
            "4two",
            "one ",
            "4echo:one\x1e"
            "1" },
        { 4, "4a\xff", "", "1" }, { 4, "2", "", "1" }, /* the client must not beat */
    };
    struct server *v = *state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct client get = dial(v), post = dial(v);
        struct sid_query q = open_polling(&get, rows[i].version);
        buffer_clear(&v->heard);
        say_get(&get, rows[i].version, q.text);
        hear_nothing(&get, 5);
        say_post(&post, rows[i].version, q.text, rows[i].body);
        expect_answer(&post, 200, "ok");
        struct answer a = hear_answer(&get);
        assert_string_equal(a.body, rows[i].last);
        answer_fini(&a);
        assert_true(str_is(buffer_str(&v->heard), rows[i].heard));
        assert_int_equal(v->why, EIO_END_PARSE);
        hang_up(&get);
        hang_up(&post);
    }
}

static void
octets_belong_to_3(void **state)
{
    struct server *v = *state;
    struct client c3 = dial(v), c4 = dial(v);
    struct sid_query q3 = open_polling(&c3, 3), q4 = open_polling(&c4, 4);

    say(&c3, "POST /socket.io/?EIO=3&transport=polling");
    say(&c3, q3.text);
    say(&c3, " HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n"
             "Content-Length: 11\r\n\r\n");
    say_bytes(&c3,
        "\0\3\xff"
        "4hi"
        "\1\2\xff\4\7",
        11);
    expect_answer(&c3, 200, "ok");
    assert_true(str_is(buffer_str(&v->heard), "hi \7(binary) "));
    say(&c4, "POST /socket.io/?EIO=4&transport=polling");
    say(&c4, q4.text);
    say(&c4, " HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n"
             "Content-Length: 3\r\n\r\n4hi");
    expect_answer(&c4, 400, "");
    turn(v);
    assert_int_equal(v->closed, 1);
    hang_up(&c3);
    hang_up(&c4);
}

static void
a_client_may_say_goodbye(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), post = dial(v);
    struct sid_query q = open_polling(&get, 3);

    say_get(&get, 3, q.text);
    hear_nothing(&get, 5);
    say_post(&post, 3, q.text, "1:15:4late");
    expect_answer(&post, 200, "ok");
    expect_answer(&get, 200, "1:6");
    assert_int_equal(v->why, EIO_END_PEER);
    assert_int_equal(v->heard.len, 0);
    say_get(&get, 3, q.text);
    expect_answer(&get, 400, "{\"code\":1,\"message\":\"Session ID unknown\"}");
    hang_up(&get);
    hang_up(&post);
}

static void
a_goodbye_of_ours_waits_for_a_poll(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), late = dial(v);
    struct sid_query q = open_polling(&get, 4);

    say_post(&get, 4, q.text, "4close");
    expect_answer(&get, 200, "ok");
    turn(v);
    assert_int_equal(v->why, EIO_END_LOCAL);
    assert_int_equal(v->closed, 1);
    assert_int_equal(engine_session_count(v->engine), 1);
    say_post(&late, 4, q.text, "4late");
    expect_answer(&late, 400, "{\"code\":1,\"message\":\"Session ID unknown\"}");
    say_get(&get, 4, q.text);
    expect_answer(&get, 200,
        "6\x1e"
        "1");
    turn(v);
    assert_int_equal(engine_session_count(v->engine), 0);
    hang_up(&get);
    hang_up(&late);
}

static void
a_held_poll_hears_our_goodbye(void **state)
{
    struct client get = dial(*state), post = dial(*state);
    struct sid_query q = open_polling(&get, 4);

    say_get(&get, 4, q.text);
    say_post(&post, 4, q.text,
        "4one\x1e"
        "4close\x1e"
        "4late");
    expect_answer(&post, 200, "ok");
    expect_answer(&get, 200,
        "4echo:one\x1e"
        "1");
    hang_up(&get);
    hang_up(&post);
}

static void
a_paused_session_holds_its_post(void **state)
{
    struct server *v = *state;
    struct client get = dial(v), post = dial(v);
    struct sid_query q = open_polling(&get, 4);

    say_post(&post, 4, q.text,
        "4pause\x1e"
        "4pause\x1e"
        "4two");
    hear_nothing(&post, 20);
    assert_true(str_is(buffer_str(&v->heard), "pause "));
    eio_session_resume(only_session(v));
    hear_nothing(&post, 20);
    assert_true(str_is(buffer_str(&v->heard), "pause pause "));
    eio_session_resume(only_session(v));
    expect_answer(&post, 200, "ok");
    assert_true(str_is(buffer_str(&v->heard), "pause pause two "));
    hang_up(&get);
    hang_up(&post);
}

static void
a_reader_that_never_polls_is_slow(void **state)
{
    struct server *v = *state;
    struct client get = dial(v);
    struct eio_message *m;

    v->limits.queue_bytes = 1000;
    open_polling(&get, 4);
    struct bytes *text = bytes_alloc(400);
    memset(text->data, '4', 400);
    m = eio_message_new(NULL, text);
    bytes_unref(text);
    for (int i = 0; i < 4; i++)
        eio_session_send(only_session(v), m);
    eio_message_release(m);
    turn(v);
    assert_int_equal(v->closed, 1);
    assert_int_equal(v->why, EIO_END_SLOW);
    assert_int_equal(engine_session_count(v->engine), 0);
    hang_up(&get);
}

static void
jsonp_is_the_handshakes_choice(void **state)
{
    struct client get = dial(*state), post = dial(*state);
    struct sid_query q = open_polling_with(&get, 3, "&j=a1b2");

    say_post(&post, 3, q.text, "d=8%3A4%22%5C%5C%5Cna%0A%22");
    struct answer a = hear_answer(&post);
    assert_string_equal(a.body, "ok");
    assert_null(strstr(a.head, "Access-Control"));
    answer_fini(&a);
    say_get(&get, 3, q.text);
    a = hear_answer(&get);
    assert_memory_equal(a.body, "___eio[12](\"13:4echo:", 21);
    assert_null(strstr(a.head, "Access-Control"));
    assert_non_null(strstr(a.head, "Set-Cookie: io="));
    answer_fini(&a);
    say_post(&post, 3, q.text, "e=1");
    expect_answer(&post, 200, "ok");
    hang_up(&get);
    hang_up(&post);
}

static void
jsonp_is_not_for_4(void **state)
{
    struct client get = dial(*state);
    open_polling_with(&get, 4, "&j=1"); /* which expects a bare open packet */
    hang_up(&get);
}

static void
long_bodies_are_compressed_on_request(void **state)
{
    static const struct {
        const char *accept, *encoding;
    } rows[] = {
        { "gzip, deflate, br", "Content-Encoding: gzip\r\n" },
        { "deflate", "Content-Encoding: deflate\r\n" },
        { "*", "Content-Encoding: gzip\r\n" },
        { "br", NULL },
    };
    struct server *v = *state;
    char *text = mem_zalloc(2001);
    memset(text, '4', 2000);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct client get = dial(v);
        struct sid_query q = open_polling(&get, 4);
        send_text(LIST_ENTRY(v->parties.prev, struct party, node)->session, text);
        say(&get, "GET /socket.io/?EIO=4&transport=polling");
        say(&get, q.text);
        say(&get, " HTTP/1.1\r\nHost: a\r\nAccept-Encoding: ");
        say(&get, rows[i].accept);
        say(&get, "\r\n\r\n");
        struct answer a = hear_answer(&get);
        assert_true(rows[i].encoding ? strstr(a.head, rows[i].encoding) && a.body_len < 100
                                     : a.body_len == 2000);
        answer_fini(&a);
        hang_up(&get);
    }
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ENGINE_TEST(a_post_is_heard_and_a_poll_answered),
        ENGINE_TEST(what_waits_is_in_one_body),
        ENGINE_TEST(a_second_poll_ends_the_session),
        ENGINE_TEST(a_second_post_ends_the_session),
        ENGINE_TEST(a_dropped_poll_ends_the_session),
        ENGINE_TEST(a_dropped_post_ends_the_session),
        ENGINE_TEST(a_body_that_takes_too_long_gets_408_and_ends_the_session),
        ENGINE_TEST(a_body_past_the_limit_gets_413_and_ends_the_session),
        ENGINE_TEST(a_malformed_body_ends_the_session),
        ENGINE_TEST(octets_belong_to_3),
        ENGINE_TEST(a_client_may_say_goodbye),
        ENGINE_TEST(a_goodbye_of_ours_waits_for_a_poll),
        ENGINE_TEST(a_held_poll_hears_our_goodbye),
        ENGINE_TEST(a_paused_session_holds_its_post),
        ENGINE_TEST(a_reader_that_never_polls_is_slow),
        ENGINE_TEST(jsonp_is_the_handshakes_choice),
        ENGINE_TEST(jsonp_is_not_for_4),
        ENGINE_TEST(long_bodies_are_compressed_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
