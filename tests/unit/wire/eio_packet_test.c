/* SPDX-License-Identifier: MIT */
/*
 * eio_packet: packets of a WebSocket, and encoded polling bodies.  eio_payload_test.c decodes.
 */
#include "wire/eio_packet.h"

#include "base/text.h"

static struct buffer scratch;

static int
release(void **state)
{
    (void)state;
    buffer_fini(&scratch);
    return 0;
}

static bool
from_text(enum eio_version v, struct str in, struct eio_packet *p)
{
    return eio_packet_from_text(v, in, &scratch, p);
}

static void
text_packets_are_the_same_in_both_versions(void **state)
{
    struct eio_packet p;

    (void)state;
    for (int v = EIO_3; v <= EIO_4; v++)
        for (int type = EIO_OPEN; type <= EIO_NOOP; type++) {
            char text[] = "?data";
            text[0] = (char)('0' + type);
            assert_true(from_text((enum eio_version)v, str_of(text), &p));
            assert_int_equal(p.type, type);
            assert_false(p.binary);
            assert_str(p.data, "data");
            assert_true(from_text((enum eio_version)v, str_slice(text, 1), &p));
            assert_int_equal(p.data.len, 0);
        }
}

static void
no_packet_is_refused(void **state)
{
    static const char *const texts[] = { "", "7", "a", "/", ":", " 4", "\xff", "b4*", "b*" };
    struct eio_packet p;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_false(from_text(EIO_3, str_of(texts[i]), &p));
        if (strcmp(texts[i], "b4*") != 0)
            assert_false(from_text(EIO_4, str_of(texts[i]), &p));
    }
    assert_false(from_text(EIO_3, STR_LIT("b"), &p));
    assert_false(from_text(EIO_3, STR_LIT("b7AQID"), &p));
}

static void
base64_messages_have_a_type_in_3_only(void **state)
{
    struct eio_packet p;

    (void)state;
    assert_true(from_text(EIO_3, STR_LIT("b4AQID"), &p));
    assert_int_equal(p.type, EIO_MESSAGE);
    assert_true(p.binary);
    assert_raw(p.data, "\x01\x02\x03");
    assert_true(from_text(EIO_4, STR_LIT("bAQIDBA=="), &p));
    assert_true(p.binary);
    assert_raw(p.data, "\x01\x02\x03\x04");
    assert_true(from_text(EIO_3, STR_LIT("b4"), &p));
    assert_true(p.binary && p.data.len == 0);
    assert_true(from_text(EIO_4, STR_LIT("b"), &p));
    assert_true(p.binary && p.data.len == 0);
}

static void
binary_messages_begin_with_a_type_number_in_3(void **state)
{
    struct eio_packet p;

    (void)state;
    assert_true(eio_packet_from_binary(EIO_3, RAW("\x04\x01\x02\x03"), &p));
    assert_int_equal(p.type, EIO_MESSAGE);
    assert_true(p.binary);
    assert_raw(p.data, "\x01\x02\x03");
    assert_true(eio_packet_from_binary(EIO_3, RAW("\x02"), &p));
    assert_int_equal(p.type, EIO_PING);
    assert_false(eio_packet_from_binary(EIO_3, RAW("\x07"), &p));
    assert_false(eio_packet_from_binary(EIO_3, RAW("4"), &p));
    assert_false(eio_packet_from_binary(EIO_3, RAW("\xff"), &p));
}

static void
empty_binary_message_is_nothing_in_3_and_a_message_in_4(void **state)
{
    struct eio_packet p;

    (void)state;
    assert_true(eio_packet_from_binary(EIO_3, STR_LIT(""), &p));
    assert_int_equal(p.type, EIO_NOOP);
    assert_true(eio_packet_from_binary(EIO_4, STR_LIT(""), &p));
    assert_int_equal(p.type, EIO_MESSAGE);
    assert_true(p.binary && p.data.len == 0);
}

static void
binary_messages_are_whole_in_4(void **state)
{
    struct eio_packet p;

    (void)state;
    assert_true(eio_packet_from_binary(EIO_4, RAW("\x01\x02\xff"), &p));
    assert_int_equal(p.type, EIO_MESSAGE);
    assert_true(p.binary);
    assert_raw(p.data, "\x01\x02\xff");
}

static void
bodies_of_3_count_utf16_units(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    eio_payload_append_text(EIO_3, false, STR_LIT("4€"), &out);
    eio_payload_append_text(EIO_3, false, STR_LIT("4😀"), &out);
    assert_str(buffer_str(&out), "2:4€3:4😀");
    buffer_clear(&out);
    eio_payload_append_text(EIO_3, false,
        STR_LIT("42[\"App\\\\Events\\\\X\",\"chan-é\",{\"m\":\"€😀\xe2\x80\xa8\\n\\\\n\"}]"), &out);
    assert_str(buffer_str(&out),
        "47:42[\"App\\\\Events\\\\X\",\"chan-é\",{\"m\":\"€😀\xe2\x80\xa8\\n\\\\n\"}]");
    assert_int_equal(out.len, 57);
    buffer_fini(&out);
}

static void
bodies_of_3_in_octets_count_bytes(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    eio_payload_append_text(EIO_3, true, STR_LIT("4hello"), &out);
    assert_raw(buffer_str(&out), "\x00\x06\xff"
                                 "4hello");
    buffer_clear(&out);
    eio_payload_append_text(
        EIO_3, true, STR_LIT("451-[\"bin\",{\"_placeholder\":true,\"num\":0},\"é\"]"), &out);
    assert_int_equal(out.len, 4 + 46);
    assert_raw(str_slice(out.data, 4), "\x00\x04\x06\xff");
    buffer_fini(&out);
}

static void
bodies_of_4_are_joined_by_a_separator(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    eio_payload_append_text(EIO_4, false, STR_LIT("4hello"), &out);
    assert_str(buffer_str(&out), "4hello");
    eio_payload_append_text(EIO_4, false, STR_LIT("2"), &out);
    assert_str(buffer_str(&out), "4hello\x1e"
                                 "2");
    buffer_fini(&out);
}

static void
jsonp_is_a_call_with_a_string(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    eio_payload_jsonp(STR_LIT("7"), STR_LIT("97:0{\"sid\":1}2:40"), &out);
    assert_str(buffer_str(&out), "___eio[7](\"97:0{\\\"sid\\\":1}2:40\");");
    buffer_clear(&out);
    eio_payload_jsonp(
        STR_LIT(""), STR_LIT("\\ \n\r\t\b\f\x01 é\xe2\x80\xa8\xe2\x80\xa9\xe2\x80"), &out);
    assert_str(
        buffer_str(&out), "___eio[](\"\\\\ \\n\\r\\t\\b\\f\\u0001 é\\u2028\\u2029\xe2\x80\");");
    buffer_fini(&out);
}

static void
form_gives_the_payload_with_its_line_feeds(void **state)
{
    static const char *const rows[][2] = { { "d=2%3A40", "2:40" }, { "x=1&d=a+b&y=2", "a b" },
        { "d=", "" }, { "d", "" }, { "d=a%5Cnb", "a\nb" }, { "d=a%5C%5Cnb", "a\\nb" },
        { "d=a%5C%5C%5Cnb", "a\\\\nb" }, { "d=%5C", "\\" }, { "d=%5C%5C", "\\\\" },
        { "d=%5Cx", "\\x" } };
    struct buffer out = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str form = text_exact(str_of(rows[i][0]));
        buffer_clear(&out);
        assert_true(eio_payload_from_form(form, &out));
        assert_str(buffer_str(&out), rows[i][1]);
        text_free(form);
    }
    assert_false(eio_payload_from_form(STR_LIT(""), &out));
    assert_false(eio_payload_from_form(STR_LIT("e=1&dd=2"), &out));
    buffer_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_packets_are_the_same_in_both_versions),
        cmocka_unit_test(no_packet_is_refused),
        cmocka_unit_test(base64_messages_have_a_type_in_3_only),
        cmocka_unit_test(binary_messages_begin_with_a_type_number_in_3),
        cmocka_unit_test(empty_binary_message_is_nothing_in_3_and_a_message_in_4),
        cmocka_unit_test(binary_messages_are_whole_in_4),
        cmocka_unit_test(bodies_of_3_count_utf16_units),
        cmocka_unit_test(bodies_of_3_in_octets_count_bytes),
        cmocka_unit_test(bodies_of_4_are_joined_by_a_separator),
        cmocka_unit_test(jsonp_is_a_call_with_a_string),
        cmocka_unit_test(form_gives_the_payload_with_its_line_feeds),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
