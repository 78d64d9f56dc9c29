/* SPDX-License-Identifier: MIT */
/*
 * utf8: compared with a decoder written from the definition, whole and in pieces.
 */
#include "base/utf8.h"

#include "text.h"

/* Whether the bytes are one code point in its shortest form, and nothing else. */
static bool
is_one_code_point(const uint8_t *b, size_t len)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    static const uint8_t mark[] = { 0, 0, 0xc0, 0xe0, 0xf0 }, bits[] = { 0, 0, 0x1f, 0x0f, 0x07 };
    uint32_t code;

    if (len == 1)
        return b[0] < 0x80;
    if ((b[0] & (uint8_t)~bits[len]) != mark[len])
        return false;
    code = b[0] & bits[len];
    for (size_t i = 1; i < len; i++) {
        if ((b[i] & 0xc0) != 0x80)
            return false;
        code = code << 6 | (b[i] & 0x3f);
    }
    return code >= least[len] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
}

static void
every_sequence_of_one_two_and_three_bytes_is_judged_right(void **state)
{
    (void)state;
    for (uint32_t n = 0; n < 0x1000000; n++) {
        uint8_t b[5] = { (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n, 'x', 'y' };
        bool wanted;

        wanted = is_one_code_point(b, 3) ||
                 (is_one_code_point(b, 1) && is_one_code_point(b + 1, 2)) ||
                 (is_one_code_point(b, 2) && is_one_code_point(b + 2, 1)) ||
                 (b[0] < 0x80 && b[1] < 0x80 && b[2] < 0x80);
        /* At the end of the text, and with more behind it. */
        if (utf8_valid(str_slice((char *)b, 3)) != wanted ||
            utf8_valid(str_slice((char *)b, 5)) != wanted)
            fail_msg("%02x %02x %02x", b[0], b[1], b[2]);
    }
}

static void
every_lead_of_four_bytes_is_judged_right(void **state)
{
    static const uint8_t ends[] = { 0x7f, 0x80, 0xbf, 0xc0 };

    (void)state;
    for (unsigned n = 0; n < 0x10000; n++)
        for (unsigned k = 0; k < 16; k++) {
            uint8_t b[4] = { (uint8_t)(n >> 8), (uint8_t)n, ends[k / 4], ends[k % 4] };

            if (b[0] < 0xf0)
                continue;
            assert_int_equal(utf8_valid(str_slice((char *)b, 4)), is_one_code_point(b, 4));
        }
}

static void
text_in_pieces_is_judged_as_the_whole(void **state)
{
    static const struct str texts[] = { STR_LIT("aé€😀 and ascii, more than eight"),
        STR_LIT("aé\xe2\x82"), STR_LIT("\xed\xa0\x80"), STR_LIT("\xf4\x90\x80\x80"),
        STR_LIT("\xc0\x80"), STR_LIT("") };

    (void)state;
    for (size_t t = 0; t < COUNT_OF(texts); t++)
        for (size_t step = 1; step < 6; step++) {
            struct utf8_check c = { 0 };
            bool good = true;

            for (size_t i = 0; good && i < texts[t].len; i += step) {
                size_t n = texts[t].len - i < step ? texts[t].len - i : step;
                good = utf8_check_feed(&c, texts[t].data + i, n);
            }
            assert_int_equal(good && utf8_check_complete(&c), utf8_valid(texts[t]));
        }
}

static void
hopeless_text_is_refused_before_it_ends(void **state)
{
    struct utf8_check c = { 0 };

    (void)state;
    assert_true(utf8_check_feed(&c, "\xed", 1));
    assert_false(utf8_check_complete(&c));
    assert_false(utf8_check_feed(&c, "\xa0", 1));
}

static void
utf16_length_counts_pairs_beyond_the_basic_plane(void **state)
{
    (void)state;
    assert_int_equal(utf8_utf16_length(STR_LIT("")), 0);
    assert_int_equal(utf8_utf16_length(STR_LIT("4hello")), 6);
    assert_int_equal(utf8_utf16_length(STR_LIT("4€")), 2);
    assert_int_equal(utf8_utf16_length(STR_LIT("4😀")), 3);
    assert_int_equal(utf8_utf16_length(STR_LIT("é\xef\xbf\xbf")), 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_sequence_of_one_two_and_three_bytes_is_judged_right),
        cmocka_unit_test(every_lead_of_four_bytes_is_judged_right),
        cmocka_unit_test(text_in_pieces_is_judged_as_the_whole),
        cmocka_unit_test(hopeless_text_is_refused_before_it_ends),
        cmocka_unit_test(utf16_length_counts_pairs_beyond_the_basic_plane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
