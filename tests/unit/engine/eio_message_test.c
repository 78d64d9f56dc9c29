/* SPDX-License-Identifier: MIT */
/*
 * eio_message: each form is right, and made once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/mem.h"
#include "eio_message_priv.h"
#include "wire/deflate.h"
#include "ws_writer.h"

static struct eio_message *
message_of_length(size_t len)
{
    struct bytes *text = bytes_alloc(len);
    for (size_t i = 0; i < len; i++)
        text->data[i] = (char)('a' + i % 7);
    struct eio_message *m = eio_message_new(NULL, text);
    bytes_unref(text);
    return m;
}

static void
assert_head(struct bytes *frame, const char *head, size_t head_len, size_t payload_len)
{
    assert_int_equal(frame->len, head_len + payload_len);
    assert_memory_equal(frame->data, head, head_len);
}

static void
a_frame_has_the_shortest_length_form(void **state)
{
    static const struct {
        size_t len, head_len;
        const char *head;
    } rows[] = {
        { 1, 2, "\x81\x01" },
        { 125, 2, "\x81\x7d" },
        { 126, 4, "\x81\x7e\x00\x7e" },
        { 65535, 4, "\x81\x7e\xff\xff" },
        { 65536, 10, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00" },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct eio_message *m = message_of_length(rows[i].len);
        struct bytes *frame = eio_message_frame(m);
        assert_head(frame, rows[i].head, rows[i].head_len, rows[i].len);
        assert_memory_equal(frame->data + rows[i].head_len, m->text->data, rows[i].len);
        eio_message_release(m);
    }
}

static void
assert_is(struct str got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.data, expected, got.len);
}

static void
several_packets_are_several_frames(void **state)
{
    struct eio_message *m = eio_message_of("4one\x1e"
                                           "4\xc3\xa9");
    struct buffer body = { 0 };

    (void)state;
    assert_is(bytes_str(eio_message_frame(m)), "\x81\x04"
                                               "4one"
                                               "\x81\x03"
                                               "4\xc3\xa9");
    assert_is(bytes_str(eio_message_deflated(m, 1024)), "\x81\x04"
                                                        "4one"
                                                        "\x81\x03"
                                                        "4\xc3\xa9");
    eio_message_append(m, EIO_3, &body);
    assert_is(buffer_str(&body), "4:4one2:4\xc3\xa9");
    buffer_clear(&body);
    eio_message_append(m, EIO_4, &body);
    assert_is(buffer_str(&body), "4one\x1e"
                                 "4\xc3\xa9");
    buffer_fini(&body);
    eio_message_release(m);
}

static void
each_of_several_packets_is_compressed_alone(void **state)
{
    struct eio_message *longer = message_of_length(2000);
    struct buffer text = { 0 };
    struct bytes *both, *deflated;
    struct eio_message *m;

    (void)state;
    buffer_append_text(&text, "4short\x1e");
    buffer_append_str(&text, bytes_str(longer->text));
    both = buffer_to_bytes(&text);
    m = eio_message_new(NULL, both);
    deflated = eio_message_deflated(m, 1024);
    assert_memory_equal(deflated->data,
        "\x81\x06"
        "4short",
        8);
    assert_int_equal(deflated->len, 8 + eio_message_deflated(longer, 1024)->len);
    assert_memory_equal(
        deflated->data + 8, eio_message_deflated(longer, 1024)->data, deflated->len - 8);
    eio_message_release(m);
    eio_message_release(longer);
    bytes_unref(both);
    buffer_fini(&text);
}

static void
forms_are_made_once(void **state)
{
    struct eio_message *m = message_of_length(2000);
    (void)state;
    assert_ptr_equal(eio_message_frame(m), eio_message_frame(m));
    assert_ptr_equal(eio_message_deflated(m, 1024), eio_message_deflated(m, 1024));
    assert_ptr_not_equal(eio_message_deflated(m, 1024), eio_message_frame(m));
    eio_message_release(m);
}

static void
a_long_message_is_compressed(void **state)
{
    struct eio_message *m = message_of_length(2000);
    struct bytes *frame = eio_message_deflated(m, 1024);
    struct buffer out = { 0 };

    (void)state;
    assert_int_equal((unsigned char)frame->data[0], 0xc1);
    assert_true((unsigned char)frame->data[1] < 126);
    assert_int_equal(
        deflate_inflate_raw(str_slice(frame->data + 2, frame->len - 2), 4000, &out), DEFLATE_OK);
    assert_int_equal(out.len, 2000);
    assert_memory_equal(out.data, m->text->data, 2000);
    buffer_fini(&out);
    eio_message_release(m);
}

static void
a_short_message_is_not_compressed(void **state)
{
    struct eio_message *m = message_of_length(1023);
    (void)state;
    assert_ptr_equal(eio_message_deflated(m, 1024), eio_message_frame(m));
    eio_message_release(m);
}

static void
polling_of_3_counts_utf16_units(void **state)
{
    struct eio_message *a = eio_message_of("4\xf0\x9f\x98\x80"), *b = eio_message_of("2");
    struct buffer out = { 0 };

    (void)state;
    eio_message_append(a, EIO_3, &out);
    eio_message_append(b, EIO_3, &out);
    eio_message_append(a, EIO_3, &out);
    assert_true(str_is(buffer_str(&out), "3:4\xf0\x9f\x98\x80"
                                         "1:2"
                                         "3:4\xf0\x9f\x98\x80"));
    buffer_fini(&out);
    eio_message_release(a);
    eio_message_release(b);
}

static void
polling_of_4_separates_packets(void **state)
{
    struct eio_message *a = eio_message_of("4hello"), *b = eio_message_of("2");
    struct buffer out = { 0 };

    (void)state;
    eio_message_append(a, EIO_4, &out);
    assert_true(str_is(buffer_str(&out), "4hello"));
    eio_message_append(b, EIO_4, &out);
    assert_true(str_is(buffer_str(&out), "4hello\x1e"
                                         "2"));
    buffer_fini(&out);
    eio_message_release(a);
    eio_message_release(b);
}

static void
the_last_holder_frees_it(void **state)
{
    struct bytes *text = bytes_new("4x", 2);
    struct eio_message *m = eio_message_new(NULL, text);

    (void)state;
    assert_ptr_equal(eio_message_hold(m), m);
    eio_message_release(m);
    assert_true(str_is(bytes_str(m->text), "4x"));
    eio_message_release(m);
    assert_int_equal(atomic_load(&text->refs), 1);
    bytes_unref(text);
}

static void
a_close_frame_is_empty_or_has_a_code(void **state)
{
    struct bytes *empty = ws_writer_close_frame(WS_CODE_NONE);
    struct bytes *coded = ws_writer_close_frame(WS_CODE_TOO_LARGE);

    (void)state;
    assert_int_equal(empty->len, 2);
    assert_memory_equal(empty->data, "\x88\x00", 2);
    assert_int_equal(coded->len, 4);
    assert_memory_equal(coded->data, "\x88\x02\x03\xf1", 4);
    bytes_unref(empty);
    bytes_unref(coded);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_has_the_shortest_length_form),
        cmocka_unit_test(several_packets_are_several_frames),
        cmocka_unit_test(each_of_several_packets_is_compressed_alone),
        cmocka_unit_test(forms_are_made_once),
        cmocka_unit_test(a_long_message_is_compressed),
        cmocka_unit_test(a_short_message_is_not_compressed),
        cmocka_unit_test(polling_of_3_counts_utf16_units),
        cmocka_unit_test(polling_of_4_separates_packets),
        cmocka_unit_test(the_last_holder_frees_it),
        cmocka_unit_test(a_close_frame_is_empty_or_has_a_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
