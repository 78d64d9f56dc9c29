/* SPDX-License-Identifier: MIT */
/*
 * eio_payload: polling bodies taken apart; each is read from memory of exactly its size.
 */
#include "base/text.h"
#include "wire/eio_packet.h"

/*
 * What a body holds: "T:data|..." with T the type, in capitals from 'A' when it is binary, and '!'
 * at the end when it failed.
 */
static const char *
decoded(enum eio_version v, bool octets, struct str body)
{
    static struct buffer text;
    struct buffer scratch = { 0 };
    struct str copy = text_exact(body);
    struct eio_payload p;
    struct eio_packet packet;

    buffer_clear(&text);
    eio_payload_begin(&p, v, octets, copy);
    while (eio_payload_next(&p, &scratch, &packet)) {
        buffer_append_char(&text, (char)((packet.binary ? 'A' : '0') + (int)packet.type));
        buffer_append_char(&text, ':');
        buffer_append_str(&text, packet.data);
        buffer_append_char(&text, '|');
    }
    if (p.failed)
        buffer_append_char(&text, '!');
    assert_false(eio_payload_next(&p, &scratch, &packet));
    buffer_append_char(&text, '\0');
    buffer_fini(&scratch);
    text_free(copy);
    return text.data;
}

#define assert_text_of(v, literal, wanted)                                                         \
    assert_string_equal(decoded((v), false, RAW(literal)), (wanted))
#define assert_octets(literal, wanted)                                                             \
    assert_string_equal(decoded(EIO_3, true, RAW(literal)), (wanted))

static void
counted_packets_of_3(void **state)
{
    (void)state;
    assert_text_of(EIO_3, "6:4hello", "4:hello|");
    assert_text_of(EIO_3, "2:4€3:4😀1:2", "4:€|4:😀|2:|");
    assert_text_of(EIO_3, "8:b4YWJj", "!");
    assert_text_of(EIO_3, "6:b4YWJj2:40", "E:abc|4:0|");
    assert_text_of(EIO_3, "10:b4AQIDBA==", "E:\x01\x02\x03\x04|");
    assert_text_of(EIO_3, "3:4:1", "4::1|");
}

static void
empty_packets_of_3_are_skipped(void **state)
{
    (void)state;
    assert_text_of(EIO_3, "0:", "");
    assert_text_of(EIO_3, "0:0:1:2", "2:|");
    assert_text_of(EIO_3, "1:20:", "2:|");
}

static void
packets_before_the_bad_one_are_delivered_in_3(void **state)
{
    (void)state;
    assert_text_of(EIO_3, "", "!");
    assert_text_of(EIO_3, "4hello", "!");
    assert_text_of(EIO_3, ":4", "!");
    assert_text_of(EIO_3, "x:4", "!");
    assert_text_of(EIO_3, "-1:4", "!");
    assert_text_of(EIO_3, "1:2x", "2:|!");
    assert_text_of(EIO_3, "1:22:4", "2:|!");
    assert_text_of(EIO_3, "1:27:", "2:|!");
    assert_text_of(EIO_3, "1:21:7", "2:|!");
    assert_text_of(EIO_3, "99999999999999999999:4", "!");
    assert_text_of(EIO_3, "18446744073709551615:4", "!");
}

static void
length_across_a_surrogate_pair_is_bad(void **state)
{
    (void)state;
    assert_text_of(EIO_3, "2:4😀", "!");
    assert_text_of(EIO_3, "4:4😀", "!");
}

static void
octets_of_3(void **state)
{
    (void)state;
    assert_octets("\x00\x06\xff"
                  "4hello\x01\x05\xff\x04"
                  "abcd",
        "4:hello|E:abcd|");
    assert_octets("\x00\x01\x00\xff"
                  "4123456789",
        "4:123456789|");
    assert_octets("\x01\x00\xff\x01\x01\xff\x02", "6:|C:|");
}

static void
bad_octets_of_3(void **state)
{
    (void)state;
    assert_octets("", "!");
    assert_octets("\x02\x01\xff"
                  "4",
        "!");
    assert_octets("\x00\xff"
                  "4",
        "!");
    assert_octets("\x00\x01", "!");
    assert_octets("\x00\x01\xff", "!");
    assert_octets("\x00\x0a\xff"
                  "4123456789",
        "!");
    assert_octets("\x00\x00\xff", "!");
    assert_octets("\x00\x01\xff"
                  "2\x01\x01\xff\x09",
        "2:|!");
    assert_octets("\x00\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09\x09"
                  "\x09\x09\x09\xff"
                  "4",
        "!");
}

static void
separated_packets_of_4(void **state)
{
    (void)state;
    assert_text_of(EIO_4, "4hello", "4:hello|");
    assert_text_of(EIO_4,
        "4hello\x1e"
        "2\x1e"
        "bYWJj",
        "4:hello|2:|E:abc|");
    assert_text_of(EIO_4,
        "3\x1e"
        "40",
        "3:|4:0|");
}

static void
packets_before_the_bad_one_are_delivered_in_4(void **state)
{
    (void)state;
    assert_text_of(EIO_4, "", "!");
    assert_text_of(EIO_4, "\x1e", "!");
    assert_text_of(EIO_4,
        "\x1e"
        "2",
        "!");
    assert_text_of(EIO_4, "2\x1e", "2:|!");
    assert_text_of(EIO_4,
        "2\x1e\x1e"
        "2",
        "2:|!");
    assert_text_of(EIO_4,
        "2\x1e"
        "7\x1e"
        "2",
        "2:|!");
    assert_text_of(EIO_4, "bY*", "!");
}

static void
what_is_encoded_is_decoded(void **state)
{
    static const struct {
        enum eio_version version;
        bool octets;
    } forms[] = { { EIO_3, false }, { EIO_3, true }, { EIO_4, false } };
    const struct str text = STR_LIT("42[\"é😀\",{\"a\":1}]");
    struct buffer out = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        enum eio_version v = forms[i].version;

        buffer_clear(&out);
        for (int n = 0; n < 3; n++)
            eio_payload_append_text(v, forms[i].octets, text, &out);
        assert_string_equal(decoded(v, forms[i].octets, buffer_str(&out)),
            "4:2[\"é😀\",{\"a\":1}]|4:2[\"é😀\",{\"a\":1}]|4:2[\"é😀\",{\"a\":1}]|");
    }
    buffer_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_packets_of_3),
        cmocka_unit_test(empty_packets_of_3_are_skipped),
        cmocka_unit_test(packets_before_the_bad_one_are_delivered_in_3),
        cmocka_unit_test(length_across_a_surrogate_pair_is_bad),
        cmocka_unit_test(octets_of_3),
        cmocka_unit_test(bad_octets_of_3),
        cmocka_unit_test(separated_packets_of_4),
        cmocka_unit_test(packets_before_the_bad_one_are_delivered_in_4),
        cmocka_unit_test(what_is_encoded_is_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
