/* SPDX-License-Identifier: MIT */
/*
 * digest: random bytes, hashes, base64.
 */
#include "base/digest.h"

#include "text.h"

static void
random_bytes_differ(void **state)
{
    char a[16] = { 0 }, b[16] = { 0 };

    (void)state;
    digest_random(a, sizeof(a));
    digest_random(b, sizeof(b));
    assert_memory_not_equal(a, b, sizeof(a));
    digest_random(a, 0);
}

static void
random_hex_has_two_digits_a_byte(void **state)
{
    char text[33], other[33];

    (void)state;
    digest_random_hex(16, text);
    digest_random_hex(16, other);
    assert_int_equal(strspn(text, "0123456789abcdef"), 32);
    assert_int_equal(strlen(text), 32);
    assert_string_not_equal(text, other);
}

static void
random_number_stays_below_its_bound_and_reaches_all(void **state)
{
    unsigned seen[7] = { 0 };

    (void)state;
    for (int i = 0; i < 2000; i++) {
        uint32_t n = digest_random_below(7);
        assert_true(n < 7);
        seen[n]++;
    }
    for (int i = 0; i < 7; i++)
        assert_true(seen[i] > 0);
    assert_int_equal(digest_random_below(1), 0);
}

/* RFC 6455, section 1.3. */
static void
sha1_and_base64_make_the_accept_key_of_rfc_6455(void **state)
{
    uint8_t hash[DIGEST_SHA1_SIZE];
    char text[DIGEST_BASE64_SIZE(DIGEST_SHA1_SIZE)];
    size_t len;

    (void)state;
    digest_sha1(STR_LIT("dGhlIHNhbXBsZSBub25jZQ=="
                        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"),
        hash);
    len = digest_base64_encode(hash, sizeof(hash), text);
    assert_str(str_slice(text, len), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

/* FIPS 180-4's example. */
static void
sha256_of_abc(void **state)
{
    static const uint8_t wanted[DIGEST_SHA256_SIZE] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf,
        0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
        0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
    uint8_t hash[DIGEST_SHA256_SIZE];

    (void)state;
    digest_sha256(STR_LIT("abc"), hash);
    assert_memory_equal(hash, wanted, sizeof(wanted));
}

/* RFC 4648, section 10. */
static void
base64_of_rfc_4648_both_ways(void **state)
{
    static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" }, { "fo", "Zm8=" },
        { "foo", "Zm9v" }, { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" } };
    char text[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        len = digest_base64_encode(pairs[i][0], strlen(pairs[i][0]), text);
        assert_str(str_slice(text, len), pairs[i][1]);
        assert_int_equal(len, DIGEST_BASE64_SIZE(strlen(pairs[i][0])));
        assert_true(digest_base64_decode(str_of(pairs[i][1]), text, &len));
        assert_str(str_slice(text, len), pairs[i][0]);
    }
}

static void
decoding_takes_both_alphabets_and_no_padding(void **state)
{
    char out[8];
    size_t len;

    (void)state;
    assert_true(digest_base64_decode(STR_LIT("+/8="), out, &len));
    assert_raw(str_slice(out, len), "\xfb\xff");
    assert_true(digest_base64_decode(STR_LIT("-_8"), out, &len));
    assert_raw(str_slice(out, len), "\xfb\xff");
}

/* Java's client ends its text with a line, and breaks it after 76 characters. */
static void
decoding_passes_over_blanks(void **state)
{
    static const char *const texts[] = { "+/8=\n", "+/\r\n8=\r\n", " + / 8 = ", "+/8\t" };
    char out[16];
    size_t len;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        assert_true(digest_base64_decode(str_of(texts[i]), out, &len));
        assert_raw(str_slice(out, len), "\xfb\xff");
    }
}

static void
decoding_refuses_any_other_character(void **state)
{
    static const char *const texts[] = { "A*==", "AA\vA", "=AAA", "A=AA", "\xc3\xa9" };
    char out[8];
    size_t len;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(digest_base64_decode(str_of(texts[i]), out, &len));
}

static void
url_form_has_no_padding_and_no_reserved_character(void **state)
{
    char out[8];

    (void)state;
    assert_str(str_slice(out, digest_base64url("\xfb\xff\xfe", 3, out)), "-__-");
    assert_str(str_slice(out, digest_base64url("\xff", 1, out)), "_w");
    assert_int_equal(digest_base64url("", 0, out), 0);
}

static void
every_length_survives_the_round_trip(void **state)
{
    uint8_t in[64];
    char text[DIGEST_BASE64_SIZE(sizeof(in))], back[sizeof(text)];

    (void)state;
    digest_random(in, sizeof(in));
    for (size_t n = 0; n <= sizeof(in); n++) {
        size_t len = digest_base64_encode(in, n, text);
        assert_true(digest_base64_decode(str_slice(text, len), back, &len));
        assert_int_equal(len, n);
        assert_memory_equal(back, in, n);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_bytes_differ),
        cmocka_unit_test(random_hex_has_two_digits_a_byte),
        cmocka_unit_test(random_number_stays_below_its_bound_and_reaches_all),
        cmocka_unit_test(sha1_and_base64_make_the_accept_key_of_rfc_6455),
        cmocka_unit_test(sha256_of_abc),
        cmocka_unit_test(base64_of_rfc_4648_both_ways),
        cmocka_unit_test(decoding_takes_both_alphabets_and_no_padding),
        cmocka_unit_test(decoding_passes_over_blanks),
        cmocka_unit_test(decoding_refuses_any_other_character),
        cmocka_unit_test(url_form_has_no_padding_and_no_reserved_character),
        cmocka_unit_test(every_length_survives_the_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
