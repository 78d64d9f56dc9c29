/* SPDX-License-Identifier: MIT */
/*
 * texts and fields: members stay as they are, and lengths are believed only as far as they go.
 */
#include "texts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "fields.h"

static void
text_is(struct bytes *text, const char *expected)
{
    if (!str_is(bytes_str(text), expected))
        fail_msg("%.*s, expected %s", STR_ARG(bytes_str(text)), expected);
    bytes_unref(text);
}

static void
leaving_has_no_socket_id(void **state)
{
    static const char *const table[][2] = {
        { "{\"user_id\":1.0,\"user_info\":{},\"socketId\":\"x\"}",
            "{\"user_id\":1.0,\"user_info\":{}}" },
        { "{ \"socketId\" : \"x\" }", "{}" },
        { "{\"socket\\u0049d\":1,\"user_id\":\"a\\/b\",\"x\":[]}",
            "{\"user_id\":\"a\\/b\",\"x\":[]}" },
        { "{}", "{}" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct buffer expected = { 0 };

        buffer_printf(&expected, "42[\"presence:leaving\",\"c\",%s]", table[i][1]);
        buffer_append_char(&expected, '\0');
        text_is(texts_leaving(STR_LIT("c"), str_of(table[i][0])), expected.data);
        buffer_fini(&expected);
    }
}

static void
joining_has_the_member_as_it_is(void **state)
{
    (void)state;
    text_is(texts_joining(STR_LIT("c\""), STR_LIT("{\"n\":1e400}")),
        "42[\"presence:joining\",\"c\\\"\",{\"n\":1e400}]");
}

static void
fields_come_back(void **state)
{
    struct buffer b = { 0 };
    struct str rest, field;
    uint64_t n;

    (void)state;
    fields_put(&b, STR_LIT("a:1\0b"));
    fields_put_u64(&b, UINT64_MAX);
    fields_put(&b, STR_LIT(""));
    rest = buffer_str(&b);
    assert_true(fields_take(&rest, &field) && str_equal(field, STR_LIT("a:1\0b")));
    assert_true(fields_take_u64(&rest, &n) && n == UINT64_MAX);
    assert_true(fields_take(&rest, &field) && field.len == 0);
    assert_false(fields_take(&rest, &field));
    buffer_fini(&b);
}

static void
damaged_fields_are_refused(void **state)
{
    static const char *const table[] = { "", ":", "x", "3:ab", "-1:a", "1", " 1:a", "99999999999:a",
        "18446744073709551616:a", "+1:a", "1 :a" };
    struct str field;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct str rest = str_of(table[i]);

        if (fields_take(&rest, &field))
            fail_msg("taken: %s", table[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaving_has_no_socket_id),
        cmocka_unit_test(joining_has_the_member_as_it_is),
        cmocka_unit_test(fields_come_back),
        cmocka_unit_test(damaged_fields_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
