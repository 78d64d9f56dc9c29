/* SPDX-License-Identifier: MIT */
/*
 * redis_parser: values of a stream of replies, however it is cut, one after the other in the same
 * memory.
 */
#include "redis_parser.h"

#include "base/attr.h"
#include "base/buffer.h"
#include "base/text.h"

enum { LONG_LEN = 100000 };

static struct redis_parser parser;

static int
set_up(void **state)
{
    (void)state;
    redis_parser_init(&parser);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    redis_parser_fini(&parser);
    return 0;
}

static const struct redis_value *
next(void)
{
    const struct redis_value *v = NULL;

    assert_int_equal(redis_parser_next(&parser, &v), REDIS_PARSE_VALUE);
    return v;
}

static void
expect_more(void)
{
    const struct redis_value *v = NULL;

    assert_int_equal(redis_parser_next(&parser, &v), REDIS_PARSE_MORE);
}

static void
feed(const char *text)
{
    assert_true(redis_parser_feed(&parser, text, strlen(text)));
}

static void
expect_message(const struct redis_value *v)
{
    assert_int_equal(v->kind, REDIS_ARRAY);
    assert_int_equal(v->count, 4);
    assert_str(v->items[0].text, "pmessage");
    assert_str(v->items[1].text, "*");
    assert_str(v->items[2].text, "news");
    assert_str(v->items[3].text, "{}");
    assert_int_equal(v->items[3].text.data[2], '\0');
}

#define MESSAGE "*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$4\r\nnews\r\n$2\r\n{}\r\n"

static void
a_reply_may_come_byte_by_byte(void **state)
{
    const char *text = MESSAGE;

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < strlen(text); i++) {
            expect_more();
            assert_true(redis_parser_feed(&parser, text + i, 1));
        }
        expect_message(next());
        redis_parser_release(&parser);
    }
}

static void
replies_that_come_at_once_are_apart(void **state)
{
    (void)state;
    feed(MESSAGE "+PONG\r\n" MESSAGE ":-7\r\n$-1\r\n-ERR no\r\n");
    expect_message(next());
    redis_parser_release(&parser);
    assert_str(next()->text, "PONG");
    redis_parser_release(&parser);
    expect_message(next());
    redis_parser_release(&parser);
    assert_int_equal(next()->integer, -7);
    redis_parser_release(&parser);
    assert_int_equal(next()->kind, REDIS_NIL);
    redis_parser_release(&parser);
    assert_int_equal(next()->kind, REDIS_ERROR);
    redis_parser_release(&parser);
    expect_more();
}

static void
arrays_are_nested(void **state)
{
    const struct redis_value *v;

    (void)state;
    feed("*3\r\n*2\r\n:1\r\n$1\r\na\r\n*0\r\n$1\r\nb\r\n");
    v = next();
    assert_int_equal(v->count, 3);
    assert_int_equal(v->items[0].items[0].integer, 1);
    assert_str(v->items[0].items[1].text, "a");
    assert_int_equal(v->items[1].count, 0);
    assert_str(v->items[2].text, "b");
    redis_parser_release(&parser);
}

static void
a_long_text_is_whole_and_what_follows_it(void **state)
{
    struct buffer text = { 0 };

    (void)state;
    buffer_printf(&text, "$%d\r\n", LONG_LEN);
    for (int i = 0; i < LONG_LEN; i++)
        buffer_append_char(&text, (char)('a' + i % 26));
    buffer_append_text(&text, "\r\n" MESSAGE);
    for (int round = 0; round < 2; round++) {
        struct str long_text;

        assert_true(redis_parser_feed(&parser, text.data, text.len));
        long_text = next()->text;
        assert_int_equal(long_text.len, LONG_LEN);
        for (size_t i = 0; i < LONG_LEN; i++)
            assert_int_equal(long_text.data[i], 'a' + (int)(i % 26));
        redis_parser_release(&parser);
        expect_message(next());
        redis_parser_release(&parser);
    }
    buffer_fini(&text);
}

static void
what_is_no_reply_is_refused(void **state)
{
    const struct redis_value *v = NULL;

    (void)state;
    feed("*2\r\n$1\r\na\r\nHTTP/1.1 400 Bad Request\r\n");
    assert_int_equal(redis_parser_next(&parser, &v), REDIS_PARSE_BAD);
}

static void
expect_too_large(const char *text)
{
    const struct redis_value *v = NULL;

    redis_parser_fini(&parser);
    redis_parser_init(&parser);
    feed(text);
    assert_int_equal(redis_parser_next(&parser, &v), REDIS_PARSE_TOO_LARGE);
    assert_true(parser.arena.held <= REDIS_PARSER_MAX_BYTES);
}

#define BOMB "*1048576\r\n"

/* A few bytes that announce gigabytes. */
static void
what_is_announced_is_bounded(void **state)
{
    (void)state;
    expect_too_large(BOMB BOMB BOMB BOMB BOMB BOMB BOMB);
    expect_too_large("*3\r\n" BOMB ":1\r\n" BOMB);
    expect_too_large("*2147483647\r\n");
    redis_parser_fini(&parser);
    redis_parser_init(&parser);
    feed("*1000000\r\n");
    expect_more();
}

/* The bound is of one reply: what was given back counts no more. */
static void
large_replies_may_follow_each_other(void **state)
{
    (void)state;
    for (int round = 0; round < 4; round++) {
        size_t count = 500000;

        feed("*500000\r\n");
        for (size_t i = 0; i < count; i++)
            feed(":7\r\n");
        assert_int_equal(next()->items[count - 1].integer, 7);
        redis_parser_release(&parser);
    }
}

static void
an_array_without_elements_may_come_first(void **state)
{
    (void)state;
    for (int round = 0; round < 2; round++) {
        feed("*0\r\n*-1\r\n");
        assert_int_equal(next()->count, 0);
        redis_parser_release(&parser);
        assert_int_equal(next()->kind, REDIS_NIL);
        redis_parser_release(&parser);
        redis_parser_fini(&parser);
        redis_parser_init(&parser);
    }
}

/* Feeds kind and then digits in pieces, as a contact does; how many it took to be refused. */
static size_t
pieces_until_refused(const char *kind)
{
    char piece[4096];
    const struct redis_value *v = NULL;
    size_t count = 0;

    redis_parser_fini(&parser);
    redis_parser_init(&parser);
    memset(piece, '1', sizeof(piece));
    feed(kind);
    while (redis_parser_next(&parser, &v) == REDIS_PARSE_MORE) {
        assert_true(redis_parser_feed(&parser, piece, sizeof(piece)));
        count++;
    }
    assert_int_equal(redis_parser_next(&parser, &v), REDIS_PARSE_TOO_LARGE);
    return count;
}

static void
a_line_without_an_end_is_refused(void **state)
{
    static const char *const kinds[] = { "+", "-", ":", "$", "*" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        assert_int_equal(pieces_until_refused(kinds[i]), 17);
}

static void
what_nobody_asked_for_is_refused(void **state)
{
    static const char *const texts[] = { "%1\r\n+a\r\n:1\r\n", "~1\r\n:1\r\n", ">1\r\n$1\r\na\r\n",
        "#t\r\n", ",1.5\r\n", "(12345678901234567890\r\n", "=5\r\ntxt:a\r\n", "!1\r\na\r\n",
        "|1\r\n+a\r\n:1\r\n", ":123456789012345678901234567890\r\n", "$-2\r\n", "*-2\r\n", "$x\r\n",
        "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n" };
    const struct redis_value *v = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        redis_parser_fini(&parser);
        redis_parser_init(&parser);
        feed(texts[i]);
        assert_int_equal(redis_parser_next(&parser, &v), REDIS_PARSE_BAD);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_reply_may_come_byte_by_byte, set_up, tear_down),
        cmocka_unit_test_setup_teardown(replies_that_come_at_once_are_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(arrays_are_nested, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            a_long_text_is_whole_and_what_follows_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_no_reply_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_announced_is_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_replies_may_follow_each_other, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            an_array_without_elements_may_come_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_line_without_an_end_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_nobody_asked_for_is_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
