/* SPDX-License-Identifier: MIT */
/*
 * texts: members stay as they are.
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

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaving_has_no_socket_id),
        cmocka_unit_test(joining_has_the_member_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
