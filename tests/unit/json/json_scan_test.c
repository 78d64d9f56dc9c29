/* SPDX-License-Identifier: MIT */
/*
 * json_scan: what is JSON, where values begin and end, and what becomes of strings.
 * json_differential_test.c compares the same with jansson.
 */
#include "json/json_scan.h"

#include "base/text.h"

static bool
accepts(struct str text)
{
    struct str copy = text_exact(text), value;
    bool good = json_scan_whole(copy, &value);

    text_free(copy);
    return good;
}

/* A text that the scanner takes, without the white space around it. */
static struct str
value_of(const char *text)
{
    struct str value = { NULL, 0 };

    assert_true(json_scan_whole(str_of(text), &value));
    return value;
}

static void
every_kind_is_taken_and_told(void **state)
{
    static const struct {
        const char *text;
        enum json_kind kind;
    } rows[] = { { "null", JSON_NULL }, { "true", JSON_TRUE }, { "false", JSON_FALSE },
        { "0", JSON_NUMBER }, { "-1.5e+7", JSON_NUMBER }, { "\"\"", JSON_STRING },
        { "[]", JSON_ARRAY }, { "{}", JSON_OBJECT } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_int_equal(json_scan_kind(value_of(rows[i].text)), rows[i].kind);
    assert_int_equal(json_scan_kind((struct str){ NULL, 0 }), JSON_NONE);
}

static void
texts_of_the_grammar_are_taken(void **state)
{
    static const char *const texts[] = { "-0", "0.0", "1E5", "1e-5", "10", "-10.25",
        "12345678901234567890", "1e400", "[1,[2,{\"a\":[]}],{}]", "{\"a\":{\"b\":null},\"a\":1}",
        "{\"\":0}", " \t\r\n[ 1 , 2 ] \n", "{ \"a\" : 1 , \"b\" : [ ] }",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00\\ud800\"", "\"\x7f é€😀\"",
        "[[],[],{},\"\",0,true,false,null]" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (!accepts(str_of(texts[i])))
            fail_msg("%s", texts[i]);
}

static void
all_else_is_refused(void **state)
{
    static const char *const texts[] = { "", " ", "01", "-", "-01", "+1", ".5", "1.", "1.e5", "1e",
        "1e+", "0x10", "NaN", "Infinity", "nul", "nulll", "True", "tru", "[", "]", "{", "}", "[1",
        "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}",
        "{\"a\":1]", "{\"a\" 1}", "{1:2}", "{\"a\":1 \"b\":2}", "1 2", "[] []", "\"", "\"a",
        "\"\\\"", "\"\\", "\"\\x\"", "\"\\u\"", "\"\\u12\"", "\"\\u12g4\"", "\"\\u123", "\"\n\"",
        "\"\t\"", "\"a\x1f\"", "'a'", "\"\xff\"", "\"\xc3\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"",
        "\"\xe2\x82\"", "\"\xf4\x90\x80\x80\"", "\xef\xbb\xbf[]", "\xc2\xa0[]", "\v1", "[1]//",
        "/**/1" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (accepts(str_of(texts[i])))
            fail_msg("%s", texts[i]);
    assert_false(accepts(RAW("\"\0\"")));
    assert_false(accepts(RAW("\"\\\0\"")));
    assert_false(accepts(RAW("1\0")));
    assert_false(accepts((struct str){ NULL, 0 }));
}

/* The string scanner reads words: each special byte at each place of several. */
static void
special_bytes_are_seen_at_every_place(void **state)
{
    char text[40];

    (void)state;
    for (size_t n = 2; n < sizeof(text); n++)
        for (size_t i = 1; i < n - 1; i++) {
            memset(text, 'x', n);
            text[0] = text[n - 1] = '"';
            assert_true(accepts(str_slice(text, n)));
            text[i] = '"';
            assert_false(accepts(str_slice(text, n)));
            text[i] = '\x1f';
            assert_false(accepts(str_slice(text, n)));
            text[i] = '\\';
            assert_false(accepts(str_slice(text, n)));
            text[i] = '\x80';
            assert_false(accepts(str_slice(text, n)));
        }
}

static void
a_prefix_is_never_read_beyond(void **state)
{
    const struct str whole =
        STR_LIT("{\"key\":[1.5e3,true,null,\"\\u00e9 é\"],\"b\":{\"c\":\"long enough\"}}");

    (void)state;
    for (size_t n = 0; n < whole.len; n++)
        assert_false(accepts(str_slice(whole.data, n)));
    assert_true(accepts(whole));
}

static bool
accepts_depth(size_t depth, const char *open, const char *close)
{
    struct buffer text = { 0 };
    bool good;

    for (size_t i = 0; i < depth; i++)
        buffer_append_text(&text, open);
    buffer_append_text(&text, "1");
    for (size_t i = 0; i < depth; i++)
        buffer_append_text(&text, close);
    good = accepts(buffer_str(&text));
    buffer_fini(&text);
    return good;
}

static void
nesting_has_a_limit(void **state)
{
    (void)state;
    assert_true(accepts_depth(JSON_SCAN_DEPTH_MAX, "[", "]"));
    assert_true(accepts_depth(JSON_SCAN_DEPTH_MAX, "{\"a\":", "}"));
    assert_true(accepts_depth(JSON_SCAN_DEPTH_MAX / 2, "[{\"a\":", "}]"));
    assert_false(accepts_depth(JSON_SCAN_DEPTH_MAX + 1, "[", "]"));
    assert_false(accepts_depth(JSON_SCAN_DEPTH_MAX + 1, "{\"a\":", "}"));
    assert_false(accepts_depth(100000, "[", "]"));
}

static void
empty_containers_count_as_a_level(void **state)
{
    struct buffer text = { 0 };

    (void)state;
    for (size_t i = 0; i < JSON_SCAN_DEPTH_MAX; i++)
        buffer_append_char(&text, '[');
    buffer_append_text(&text, "{}");
    for (size_t i = 0; i < JSON_SCAN_DEPTH_MAX; i++)
        buffer_append_char(&text, ']');
    assert_false(accepts(buffer_str(&text)));
    buffer_fini(&text);
}

static void
value_has_no_white_space_around_it(void **state)
{
    struct json_cursor c = json_scan_begin(STR_LIT("  [ 1 ]  \"x\" ,"));
    struct str value;

    (void)state;
    assert_true(json_scan_value(&c, &value));
    assert_str(value, "[ 1 ]");
    assert_true(json_scan_value(&c, &value));
    assert_str(value, "\"x\"");
    assert_false(json_scan_value(&c, &value));
    assert_int_equal(*c.at, ',');
}

static void
elements_come_in_order_and_raw(void **state)
{
    struct json_cursor c = json_scan_enter(value_of("[ 1.0 , \"a\\/b\" ,[ 2 ],{} ]"));
    struct str value;

    (void)state;
    assert_true(json_scan_element(&c, &value));
    assert_str(value, "1.0");
    assert_true(json_scan_element(&c, &value));
    assert_str(value, "\"a\\/b\"");
    assert_true(json_scan_element(&c, &value));
    assert_str(value, "[ 2 ]");
    assert_true(json_scan_element(&c, &value));
    assert_str(value, "{}");
    assert_false(json_scan_element(&c, &value));
    c = json_scan_enter(value_of("[ ]"));
    assert_false(json_scan_element(&c, &value));
}

static void
members_come_in_order_with_raw_keys(void **state)
{
    struct json_cursor c = json_scan_enter(value_of("{\"b\" : 1, \"\\u0061\":{\"c\":2} }"));
    struct str key, value;

    (void)state;
    assert_true(json_scan_member(&c, &key, &value));
    assert_str(key, "\"b\"");
    assert_str(value, "1");
    assert_true(json_scan_member(&c, &key, &value));
    assert_str(key, "\"\\u0061\"");
    assert_str(value, "{\"c\":2}");
    assert_false(json_scan_member(&c, &key, &value));
    c = json_scan_enter(value_of("{}"));
    assert_false(json_scan_member(&c, &key, &value));
}

static void
last_member_of_a_name_wins(void **state)
{
    struct str object = value_of("{\"a\":1,\"b\":{\"a\":9},\"\\u0061\":[2],\"A\":3}");

    (void)state;
    assert_str(json_scan_get(object, "a"), "[2]");
    assert_str(json_scan_get(object, "b"), "{\"a\":9}");
    assert_int_equal(json_scan_kind(json_scan_get(object, "c")), JSON_NONE);
    assert_int_equal(json_scan_kind(json_scan_get(value_of("[\"a\",1]"), "a")), JSON_NONE);
    assert_int_equal(json_scan_kind(json_scan_get((struct str){ NULL, 0 }, "a")), JSON_NONE);
}

static void
strings_decode_to_utf8(void **state)
{
    static const char *const rows[][2] = { { "\"\"", "" }, { "\"abc\"", "abc" },
        { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" }, { "\"\\u00e9\\u20AC\"", "é€" },
        { "\"\\ud83d\\ude00\"", "😀" }, { "\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf" },
        { "\"\\uffff\\u07ff\\u0800\"", "\xef\xbf\xbf\xdf\xbf\xe0\xa0\x80" },
        { "\"a\\ud83db\"", "a\xef\xbf\xbd"
                           "b" },
        { "\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd" },
        { "\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd😀" }, { "\"\\ud83d\\n\"", "\xef\xbf\xbd\n" },
        { "\"é😀\"", "é😀" } };
    struct buffer out = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buffer_clear(&out);
        json_scan_string(value_of(rows[i][0]), &out);
        assert_str(buffer_str(&out), rows[i][1]);
        assert_true(json_scan_string_is(value_of(rows[i][0]), rows[i][1]));
    }
    buffer_clear(&out);
    json_scan_string(value_of("\"a\\u0000b\""), &out);
    assert_raw(buffer_str(&out), "a\0b");
    assert_false(json_scan_string_is(value_of("\"a\\u0000b\""), "a"));
    assert_false(json_scan_string_is(value_of("1"), "1"));
    buffer_fini(&out);
}

static void
normalising_undoes_needless_escapes_only(void **state)
{
    static const char *const rows[][2] = {
        { "\"a\\/b\"", "\"a/b\"" },
        { "\"Gr\\u00f6\\u00dfe \\/ \\\"ok\\\"\"", "\"Größe / \\\"ok\\\"\"" },
        { "\"\\ud83d\\ude00\"", "\"😀\"" },
        { "\"\\u0000\\u001F\\u001f\"", "\"\\u0000\\u001F\\u001f\"" },
        { "\"\\uD800 \\udc00\\ud800\"", "\"\\uD800 \\udc00\\ud800\"" },
        { "\"\\ud800\\ud83d\\ude00\"", "\"\\ud800😀\"" },
        { "\"\\u0022\\u005c\\u002f\\u0041\"", "\"\\\"\\\\/A\"" },
        { "\"\\\\\\b\\f\\n\\r\\t\\\"\"", "\"\\\\\\b\\f\\n\\r\\t\\\"\"" },
        { "\"\\\\u00e9\\\\/\"", "\"\\\\u00e9\\\\/\"" },
        { "\"\\u2028\\u007f\"", "\"\xe2\x80\xa8\x7f\"" },
        { "{\"a\\/\": [ 1.0, 12345678901234567890, {}, [] ], \"a\\/\":0.10}",
            "{\"a/\": [ 1.0, 12345678901234567890, {}, [] ], \"a/\":0.10}" },
    };
    struct buffer out = { 0 };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        buffer_clear(&out);
        json_scan_normalise(value_of(rows[i][0]), &out);
        assert_str(buffer_str(&out), rows[i][1]);
    }
    buffer_fini(&out);
}

static void
quoted_text_is_a_json_string_of_that_text(void **state)
{
    struct buffer quoted = { 0 }, back = { 0 };
    char every[0x80];
    struct str value;

    (void)state;
    for (size_t i = 0; i < sizeof(every); i++)
        every[i] = (char)i;
    json_scan_quote(str_slice(every, sizeof(every)), &quoted);
    assert_true(json_scan_whole(buffer_str(&quoted), &value));
    json_scan_string(value, &back);
    assert_same(buffer_str(&back), str_slice(every, sizeof(every)));
    buffer_clear(&quoted);
    json_scan_quote(STR_LIT("chan-é/\"\\\n"), &quoted);
    assert_str(buffer_str(&quoted), "\"chan-é/\\\"\\\\\\u000a\"");
    buffer_clear(&quoted);
    json_scan_quote((struct str){ NULL, 0 }, &quoted);
    assert_str(buffer_str(&quoted), "\"\"");
    buffer_fini(&quoted);
    buffer_fini(&back);
}

static void
fields_are_found_while_the_text_is_validated(void **state)
{
    static const char *const bad[] = { "", " ", "{", "[]", "1", "{\"a\":1,}", "{,}", "{\"a\" 1}",
        "{1:2}", "{\"a\":1 \"b\":2}", "{\"a\":1]", "{\"a\":[1}", "{\"a\":1}x", "{\"a\":}",
        "{\"a\":{\"b\":1}", "{\"\xff\":1}", "{\"a\":1}{}" };
    struct json_field f[] = { { .name = "a" }, { .name = "b" }, { .name = "c" } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        if (json_scan_fields(str_of(bad[i]), f, COUNT_OF(f)))
            fail_msg("%s", bad[i]);
    assert_true(json_scan_fields(STR_LIT(" { } "), f, COUNT_OF(f)));
    assert_int_equal(f[0].value.len, 0);
    assert_true(json_scan_fields(
        STR_LIT(" {\"a\":1 , \"\\u0062\" : {\"c\":[2 ]}, \"a\": \"x\" } "), f, COUNT_OF(f)));
    assert_true(str_is(f[0].value, "\"x\""));
    assert_true(str_is(f[1].value, "{\"c\":[2 ]}"));
    assert_int_equal(f[2].value.len, 0);
}

/* What json_scan_whole() takes of objects is what json_scan_fields() takes. */
static void
fields_nest_as_deep_as_values(void **state)
{
    (void)state;
    for (int depth = JSON_SCAN_DEPTH_MAX - 1; depth <= JSON_SCAN_DEPTH_MAX + 1; depth++) {
        struct json_field f = { .name = "a" };
        struct buffer text = { 0 };
        struct str value;
        bool whole;

        for (int i = 0; i < depth; i++)
            buffer_append_text(&text, i + 1 < depth ? "{\"a\":" : "{");
        for (int i = 0; i < depth; i++)
            buffer_append_char(&text, '}');
        whole = json_scan_whole(buffer_str(&text), &value);
        assert_int_equal(whole, depth <= JSON_SCAN_DEPTH_MAX);
        assert_int_equal(json_scan_fields(buffer_str(&text), &f, 1), whole);
        buffer_fini(&text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_taken_and_told),
        cmocka_unit_test(texts_of_the_grammar_are_taken),
        cmocka_unit_test(all_else_is_refused),
        cmocka_unit_test(special_bytes_are_seen_at_every_place),
        cmocka_unit_test(a_prefix_is_never_read_beyond),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(empty_containers_count_as_a_level),
        cmocka_unit_test(value_has_no_white_space_around_it),
        cmocka_unit_test(elements_come_in_order_and_raw),
        cmocka_unit_test(members_come_in_order_with_raw_keys),
        cmocka_unit_test(last_member_of_a_name_wins),
        cmocka_unit_test(strings_decode_to_utf8),
        cmocka_unit_test(normalising_undoes_needless_escapes_only),
        cmocka_unit_test(quoted_text_is_a_json_string_of_that_text),
        cmocka_unit_test(fields_are_found_while_the_text_is_validated),
        cmocka_unit_test(fields_nest_as_deep_as_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
