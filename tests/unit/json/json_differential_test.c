/* SPDX-License-Identifier: MIT */
/*
 * json_scan against jansson: over random and damaged texts both say the same of what is JSON, and
 * find the same values in it, wherever jansson can follow.  It cannot take lone surrogates,
 * integers beyond 64 bits, numbers beyond a double, and keys that hold U+0000.
 */
/* jansson's names for the kinds of values, which are the scanner's too. */
#define JSON_OBJECT JANSSON_OBJECT
#define JSON_ARRAY JANSSON_ARRAY
#define JSON_STRING JANSSON_STRING
#define JSON_TRUE JANSSON_TRUE
#define JSON_FALSE JANSSON_FALSE
#define JSON_NULL JANSSON_NULL
#include <jansson.h>
#undef JSON_OBJECT
#undef JSON_ARRAY
#undef JSON_STRING
#undef JSON_TRUE
#undef JSON_FALSE
#undef JSON_NULL

#include "base/text.h"
#include "json_maker.h"
#include "json/json_scan.h"

enum { ROUNDS = 60000 };

static json_t *
load(struct str text, json_error_t *error)
{
    return json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

static bool
cannot_follow(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);

    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           str_starts(str_of(error->text), "invalid Unicode");
}

static void compare(struct str value, json_t *tree);

static void
compare_string(struct str value, json_t *tree)
{
    struct buffer text = { 0 };

    json_scan_string(value, &text);
    assert_same(buffer_str(&text), str_slice(json_string_value(tree), json_string_length(tree)));
    buffer_fini(&text);
}

static void
compare_number(struct str value, json_t *tree)
{
    char text[64];

    assert_true(value.len < sizeof(text));
    memcpy(text, value.data, value.len);
    text[value.len] = '\0';
    if (json_is_integer(tree))
        assert_true(strtoll(text, NULL, 10) == json_integer_value(tree));
    else
        assert_memory_equal(
            &(double){ strtod(text, NULL) }, &(double){ json_real_value(tree) }, sizeof(double));
}

static void
compare_array(struct str value, json_t *tree)
{
    struct json_cursor c = json_scan_enter(value);
    struct str element;
    size_t count = 0;

    for (; json_scan_element(&c, &element); count++)
        compare(element, json_array_get(tree, count));
    assert_int_equal(count, json_array_size(tree));
}

static void
compare_object(struct str value, json_t *tree)
{
    struct json_cursor c = json_scan_enter(value);
    struct str key, member;
    const char *name;
    json_t *child;
    size_t names = 0, members = 0;

    json_object_foreach(tree, name, child)
    {
        names++;
        compare(json_scan_get(value, name), child);
    }
    while (json_scan_member(&c, &key, &member)) {
        struct buffer text = { 0 };

        members++;
        json_scan_string(key, &text);
        assert_non_null(json_object_getn(tree, text.data ? text.data : "", text.len));
        buffer_fini(&text);
    }
    assert_true(names <= members); /* jansson keeps the last of a name */
}

static void
compare(struct str value, json_t *tree)
{
    static const json_type types[] = { [JSON_NULL] = JANSSON_NULL,
        [JSON_TRUE] = JANSSON_TRUE,
        [JSON_FALSE] = JANSSON_FALSE,
        [JSON_STRING] = JANSSON_STRING,
        [JSON_ARRAY] = JANSSON_ARRAY,
        [JSON_OBJECT] = JANSSON_OBJECT };
    enum json_kind kind = json_scan_kind(value);

    assert_non_null(tree);
    if (kind == JSON_NUMBER)
        assert_true(json_is_number(tree));
    else
        assert_int_equal(json_typeof(tree), types[kind]);
    if (kind == JSON_NUMBER)
        compare_number(value, tree);
    else if (kind == JSON_STRING)
        compare_string(value, tree);
    else if (kind == JSON_ARRAY)
        compare_array(value, tree);
    else if (kind == JSON_OBJECT)
        compare_object(value, tree);
}

/* The normalised value is the same to jansson, and normalising it again changes nothing. */
static void
check_normalised(struct str value, json_t *tree)
{
    struct buffer once = { 0 }, twice = { 0 };
    struct str again;
    json_error_t error;
    json_t *same;

    json_scan_normalise(value, &once);
    assert_true(json_scan_whole(buffer_str(&once), &again));
    assert_same(again, buffer_str(&once));
    json_scan_normalise(again, &twice);
    assert_same(buffer_str(&twice), buffer_str(&once));
    assert_true(once.len <= value.len);
    if (tree) {
        same = load(buffer_str(&once), &error);
        assert_true(json_equal(tree, same));
        json_decref(same);
    }
    buffer_fini(&once);
    buffer_fini(&twice);
}

/* Whether jansson could follow; *valid: and it is JSON. */
static bool
judge(struct str text, bool *valid)
{
    struct str copy = text_exact(text), value;
    json_error_t error;
    json_t *tree = load(copy, &error);
    bool ours = json_scan_whole(copy, &value), followed = tree || !cannot_follow(&error);

    *valid = tree != NULL;
    if (followed && ours != *valid)
        fail_msg(
            "<%.*s>: we say %d, jansson says %s", STR_ARG(copy), ours, tree ? "JSON" : error.text);
    if (ours && tree)
        compare(value, tree);
    if (ours)
        check_normalised(value, tree);
    json_decref(tree);
    text_free(copy);
    return followed;
}

static void
whole_texts_mean_the_same_to_jansson(void **state)
{
    struct buffer text = { 0 };
    uint64_t seed = text_seed();
    unsigned followed = 0;
    struct str value;
    bool valid;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        buffer_clear(&text);
        json_maker_value(&seed, 5, &text);
        assert_true(json_scan_whole(buffer_str(&text), &value));
        followed += judge(buffer_str(&text), &valid) && valid;
    }
    buffer_fini(&text);
    assert_true(followed > ROUNDS * 9 / 10);
}

static void
damaged_texts_are_refused_when_jansson_refuses_them(void **state)
{
    struct buffer text = { 0 };
    uint64_t seed = text_seed();
    unsigned followed = 0, good = 0;
    bool valid;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        buffer_clear(&text);
        json_maker_value(&seed, 4, &text);
        for (unsigned n = json_maker_pick(&seed, 3) + 1; n > 0; n--)
            json_maker_damage(&seed, &text);
        followed += judge(buffer_str(&text), &valid);
        good += valid;
    }
    buffer_fini(&text);
    assert_true(followed > ROUNDS * 8 / 10);
    assert_true(good > ROUNDS / 20 && good < ROUNDS / 2);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_texts_mean_the_same_to_jansson),
        cmocka_unit_test(damaged_texts_are_refused_when_jansson_refuses_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
