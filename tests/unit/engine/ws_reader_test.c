/* SPDX-License-Identifier: MIT */
/*
 * ws_reader: frames however they are cut become messages; what breaks a rule fails with its code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/mem.h"
#include "wire/deflate.h"
#include "ws_reader.h"
#include "ws_writer.h"

enum { FIN = 0x80, RSV1 = 0x40, LIMIT = 1000 };

static const struct ws_rules plain = { LIMIT, false, 0 };
static const struct ws_rules deflate = { LIMIT, true, LIMIT };

/* A client's frame: masked. */
static void
add_frame(struct buffer *out, unsigned first, const char *data, size_t len)
{
    static const unsigned char mask[4] = { 0x12, 0x34, 0x56, 0x78 };

    buffer_append_char(out, (char)first);
    if (len < 126) {
        buffer_append_char(out, (char)(0x80 | len));
    } else {
        buffer_append_char(out, (char)(0x80 | 126));
        buffer_append_char(out, (char)(len >> 8));
        buffer_append_char(out, (char)(len & 0xff));
    }
    buffer_append(out, (const char *)mask, 4);
    for (size_t i = 0; i < len; i++)
        buffer_append_char(out, (char)(data[i] ^ mask[i % 4]));
}

/* What became of some input, in words: "text:hello ping: close:1000 more". */
static void
tell(struct buffer *out, enum ws_event event, const struct ws_incoming *in)
{
    static const char *const names[] = { "more",
        "text:", "binary:", "ping:", "pong:", "close:", "failed:" };

    buffer_append_text(out, out->len > 0 ? " " : "");
    buffer_append_text(out, names[event]);
    if (event == WS_EVENT_CLOSE || event == WS_EVENT_FAILED)
        buffer_append_u64(out, in->code);
    else
        buffer_append_str(out, in->data);
}

static void
read_all(struct ws_reader *r, const struct ws_rules *rules, struct str input, struct buffer *out)
{
    struct ws_incoming in;
    enum ws_event event;

    while ((event = ws_reader_next(r, rules, &input, &in)) != WS_EVENT_MORE) {
        tell(out, event, &in);
        if (event == WS_EVENT_FAILED)
            return;
    }
    assert_int_equal(input.len, 0);
}

/* The story is the same however the bytes arrive. */
static void
assert_story_with(const struct ws_rules *rules, struct buffer *input, const char *expected)
{
    for (size_t step = 1; step <= input->len; step = step < 16 ? step + 1 : step * 2 + 1) {
        struct ws_reader_pool pool = { 0 };
        struct ws_reader *r = ws_reader_lend(&pool);
        struct buffer story = { 0 };
        for (size_t at = 0; at < input->len; at += step) {
            size_t n = input->len - at < step ? input->len - at : step;
            read_all(r, rules, str_slice(input->data + at, n), &story);
            if (str_contains(buffer_str(&story), "failed"))
                break;
        }
        buffer_append_char(&story, '\0');
        assert_string_equal(story.data, expected);
        ws_reader_return(&pool, r);
        ws_reader_pool_fini(&pool);
        buffer_fini(&story);
    }
    buffer_fini(input);
}

static void
assert_story(struct buffer *input, const char *expected)
{
    assert_story_with(&plain, input, expected);
}

static void
whole_messages_pass(void **state)
{
    struct buffer in = { 0 };
    (void)state;
    add_frame(&in, FIN | WS_TEXT, "hello", 5);
    add_frame(&in, FIN | WS_BINARY, "\x01\xff", 2);
    add_frame(&in, FIN | WS_TEXT, "", 0);
    add_frame(&in, FIN | WS_TEXT, "h\xc3\xa9", 3);
    assert_story(&in, "text:hello binary:\x01\xff text: text:h\xc3\xa9");
}

static void
fragments_are_joined_around_control_frames(void **state)
{
    struct buffer in = { 0 };
    (void)state;
    add_frame(&in, WS_TEXT, "one \xe2\x82", 6);
    add_frame(&in, FIN | WS_PING, "are you there", 13);
    add_frame(&in, WS_CONTINUATION, "", 0);
    add_frame(&in, FIN | WS_CONTINUATION, "\xac two", 5);
    add_frame(&in, FIN | WS_PONG, "", 0);
    assert_story(&in, "ping:are you there text:one \xe2\x82\xac two pong:");
}

static void
frames_that_break_the_rules_fail_with_1002(void **state)
{
    static const struct str frames[] = {
        STR_LIT("\x81\x05hello"),                        /* unmasked */
        STR_LIT("\xc1\x80\1\2\3\4"),                     /* RSV1 without the extension */
        STR_LIT("\xa1\x80\1\2\3\4"),                     /* RSV2 */
        STR_LIT("\x91\x80\1\2\3\4"),                     /* RSV3 */
        STR_LIT("\x83\x80\1\2\3\4"),                     /* unknown data opcode */
        STR_LIT("\x8b\x80\1\2\3\4"),                     /* unknown control opcode */
        STR_LIT("\x80\x80\1\2\3\4"),                     /* a continuation of nothing */
        STR_LIT("\x09\x80\1\2\3\4"),                     /* a fragmented ping */
        STR_LIT("\x89\xfe\x00\x7e\1\2\3\4"),             /* a ping of 126 bytes */
        STR_LIT("\x88\x81\0\0\0\0\x03"),                 /* half a close code */
        STR_LIT("\x88\x82\0\0\0\0\x03\xe7"),             /* 999 */
        STR_LIT("\x88\x82\0\0\0\0\x03\xed"),             /* 1005 */
        STR_LIT("\x88\x82\0\0\0\0\x03\xf7"),             /* 1015 */
        STR_LIT("\x88\x82\0\0\0\0\x0b\xb7"),             /* 2999 */
        STR_LIT("\x88\x82\0\0\0\0\x13\x88"),             /* 5000 */
        STR_LIT("\x81\xfe\x00\x01\1\2\3\4x"),            /* a length not in its shortest form */
        STR_LIT("\x82\xff\0\0\0\0\0\0\xff\xff\1\2\3\4"), /* nor this one */
        STR_LIT("\x82\xff\x80\0\0\0\0\0\0\0\1\2\3\4"),   /* its first bit is set */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(frames); i++) {
        struct buffer in = { 0 };
        buffer_append_str(&in, frames[i]);
        assert_story(&in, "failed:1002");
    }
}

static void
a_message_inside_a_message_fails(void **state)
{
    struct buffer in = { 0 };
    (void)state;
    add_frame(&in, WS_TEXT, "a", 1);
    add_frame(&in, FIN | WS_TEXT, "b", 1);
    assert_story(&in, "failed:1002");
}

static void
close_codes_and_reasons_pass(void **state)
{
    struct buffer in = { 0 };
    (void)state;
    add_frame(&in, FIN | WS_CLOSE, "", 0);
    assert_story(&in, "close:0");
    add_frame(&in, FIN | WS_CLOSE,
        "\x03\xe8"
        "bye",
        5);
    assert_story(&in, "close:1000");
    add_frame(&in, FIN | WS_CLOSE, "\x0f\xa0", 2);
    assert_story(&in, "close:4000");
    add_frame(&in, FIN | WS_CLOSE, "\x03\xe8\xff", 3);
    assert_story(&in, "failed:1007");
}

static void
text_that_is_not_utf8_fails_at_once(void **state)
{
    struct buffer in = { 0 };
    (void)state;
    add_frame(&in, WS_TEXT, "ab\xff", 3); /* no need to wait for the end */
    assert_story(&in, "failed:1007");
    add_frame(&in, FIN | WS_TEXT, "ab\xe2\x82", 4);
    assert_story(&in, "failed:1007");
    add_frame(&in, FIN | WS_BINARY, "ab\xff", 3);
    assert_story(&in, "binary:ab\xff");
}

static void
size_is_judged_by_the_head(void **state)
{
    struct buffer in = { 0 };
    char *data = mem_zalloc(LIMIT + 1);

    (void)state;
    memset(data, 'x', LIMIT + 1);
    buffer_append(&in, "\x82\xff\x00\x00\x00\x10\x00\x00\x00\x00\1\2\3\4", 14);
    assert_story(&in, "failed:1009");
    add_frame(&in, FIN | WS_BINARY, data, LIMIT + 1);
    assert_story(&in, "failed:1009");
    add_frame(&in, WS_BINARY, data, LIMIT);
    add_frame(&in, FIN | WS_CONTINUATION, data, 1);
    assert_story(&in, "failed:1009");

    struct buffer expected = { 0 };
    buffer_append_text(&expected, "binary:");
    buffer_append(&expected, data, LIMIT);
    buffer_append_char(&expected, '\0');
    add_frame(&in, FIN | WS_BINARY, data, LIMIT);
    assert_story(&in, expected.data);
    buffer_fini(&expected);
    free(data);
}

static void
compressed_messages_are_inflated(void **state)
{
    struct buffer packed = { 0 }, in = { 0 };

    (void)state;
    deflate_compress(DEFLATE_RAW, STR_LIT("compressed text"), &packed);
    add_frame(&in, FIN | RSV1 | WS_TEXT, packed.data, packed.len);
    add_frame(&in, RSV1 | WS_TEXT, packed.data, 3);
    add_frame(&in, FIN | WS_CONTINUATION, packed.data + 3, packed.len - 3);
    add_frame(&in, FIN | WS_TEXT, "plain", 5);
    assert_story_with(&deflate, &in, "text:compressed text text:compressed text text:plain");
    buffer_fini(&packed);
}

static void
bad_compression_fails(void **state)
{
    struct buffer packed = { 0 }, in = { 0 };
    struct str bomb = { mem_zalloc(LIMIT + 1), LIMIT + 1 };

    (void)state;
    deflate_compress(DEFLATE_RAW, bomb, &packed);
    add_frame(&in, FIN | RSV1 | WS_BINARY, packed.data, packed.len);
    assert_story_with(&deflate, &in, "failed:1009");
    add_frame(&in, FIN | RSV1 | WS_TEXT, "\xff\xff\xff\xff", 4);
    assert_story_with(&deflate, &in, "failed:1007");
    add_frame(&in, RSV1 | WS_TEXT, "a", 1);
    add_frame(&in, FIN | RSV1 | WS_CONTINUATION, "a", 1);
    assert_story_with(&deflate, &in, "failed:1002");
    add_frame(&in, FIN | RSV1 | WS_PING, "a", 1);
    assert_story_with(&deflate, &in, "failed:1002");
    buffer_clear(&packed);
    deflate_compress(DEFLATE_RAW, STR_LIT("\xff\xfe"), &packed);
    add_frame(&in, FIN | RSV1 | WS_TEXT, packed.data, packed.len);
    assert_story_with(&deflate, &in, "failed:1007");
    buffer_fini(&packed);
    free((char *)bomb.data);
}

/* What comes out of little is judged before more comes out, and told. */
static void
inflation_is_limited(void **state)
{
    const struct ws_rules none = { LIMIT, true, 0 }, some = { LIMIT, true, 500 };
    struct str text = { mem_zalloc(600), 600 };
    struct buffer packed = { 0 }, in = { 0 };
    struct ws_reader_pool pool = { 0 };
    struct ws_reader *r = ws_reader_lend(&pool);
    struct ws_incoming got;
    struct str input;

    (void)state;
    deflate_compress(DEFLATE_RAW, text, &packed);
    assert_in_range(packed.len, 7, 15);
    add_frame(&in, FIN | RSV1 | WS_BINARY, packed.data, packed.len);
    input = buffer_str(&in);
    assert_int_equal(ws_reader_next(r, &some, &input, &got), WS_EVENT_BINARY);
    assert_int_equal(got.data.len, 600);
    assert_int_equal(got.inflation, 600 - packed.len * WS_INFLATION_FREE);
    ws_reader_return(&pool, r);
    assert_story_with(&none, &in, "failed:1008");
    buffer_clear(&packed);
    deflate_compress(DEFLATE_RAW, STR_LIT("compressed text, compressed text"), &packed);
    add_frame(&in, FIN | RSV1 | WS_TEXT, packed.data, packed.len);
    assert_story_with(&none, &in, "text:compressed text, compressed text");
    ws_reader_pool_fini(&pool);
    buffer_fini(&packed);
    free((char *)text.data);
}

static void
only_an_idle_reader_goes_back(void **state)
{
    struct ws_reader_pool pool = { 0 };
    struct ws_reader *r = ws_reader_lend(&pool);
    struct buffer in = { 0 }, story = { 0 };

    (void)state;
    assert_true(ws_reader_is_idle(r));
    add_frame(&in, FIN | WS_TEXT, "first", 5);
    read_all(r, &plain, str_slice(in.data, 3), &story);
    assert_false(ws_reader_is_idle(r));
    read_all(r, &plain, str_slice(in.data + 3, in.len - 3), &story);
    assert_true(ws_reader_is_idle(r));
    ws_reader_return(&pool, r);
    assert_int_equal(pool.count, 1);

    /* The next client gets nothing of the first one's bytes. */
    assert_ptr_equal(ws_reader_lend(&pool), r);
    read_all(r, &plain, buffer_str(&in), &story);
    assert_true(str_is(buffer_str(&story), "text:first text:first"));
    read_all(r, &plain, str_slice(in.data, 1), &story);
    ws_reader_return(&pool, r);
    assert_int_equal(pool.count, 0);
    ws_reader_pool_fini(&pool);
    buffer_fini(&in);
    buffer_fini(&story);
}

static void
kept_input_holds_a_reader(void **state)
{
    struct ws_reader_pool pool = { 0 };
    struct ws_reader *r = ws_reader_lend(&pool);

    (void)state;
    ws_reader_keep(r, STR_LIT("ab"));
    ws_reader_keep(r, STR_LIT("c"));
    assert_false(ws_reader_is_idle(r));
    struct buffer kept = ws_reader_take_kept(r);
    assert_true(str_is(buffer_str(&kept), "abc"));
    assert_true(ws_reader_is_idle(r));
    buffer_fini(&kept);
    ws_reader_return(&pool, r);
    ws_reader_pool_fini(&pool);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_messages_pass),
        cmocka_unit_test(fragments_are_joined_around_control_frames),
        cmocka_unit_test(frames_that_break_the_rules_fail_with_1002),
        cmocka_unit_test(a_message_inside_a_message_fails),
        cmocka_unit_test(close_codes_and_reasons_pass),
        cmocka_unit_test(text_that_is_not_utf8_fails_at_once),
        cmocka_unit_test(size_is_judged_by_the_head),
        cmocka_unit_test(compressed_messages_are_inflated),
        cmocka_unit_test(bad_compression_fails),
        cmocka_unit_test(inflation_is_limited),
        cmocka_unit_test(only_an_idle_reader_goes_back),
        cmocka_unit_test(kept_input_holds_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
