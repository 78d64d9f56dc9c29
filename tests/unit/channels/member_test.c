/* SPDX-License-Identifier: MIT */
/*
 * member: what the application may answer for a presence channel.
 */
#include "member.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void
reads(const char *body, const char *user, const char *data)
{
    struct member m = { 0 };

    assert_int_equal(member_read(str_of(body), STR_LIT("ID"), &m), MEMBER_OK);
    if (!str_is(buffer_str(&m.user), user))
        fail_msg("user %.*s of %s", STR_ARG(buffer_str(&m.user)), body);
    if (!str_is(buffer_str(&m.data), data))
        fail_msg("data %.*s of %s", STR_ARG(buffer_str(&m.data)), body);
    member_fini(&m);
}

static void
is(enum member_parse expected, const char *body)
{
    struct member m = { 0 };
    enum member_parse parse = member_read(str_of(body), STR_LIT("ID"), &m);

    if (parse != expected)
        fail_msg("%u for %s", parse, body);
    assert_int_equal(parse == MEMBER_BAD, m.fault != NULL);
    member_fini(&m);
}

static void
the_member_is_an_object_or_its_text(void **state)
{
    (void)state;
    reads("{\"channel_data\":{\"user_id\":1,\"user_info\":{\"n\":\"x\"}}}", "1",
        "{\"user_id\":1,\"user_info\":{\"n\":\"x\"},\"socketId\":\"ID\"}");
    reads(" {\"channel_data\": \"{\\\"user_id\\\":\\\"a\\\"}\"} ", "a",
        "{\"user_id\":\"a\",\"socketId\":\"ID\"}");
}

static void
values_stay_what_they_are(void **state)
{
    (void)state;
    reads("{\"channel_data\":{\"user_info\":{\"z\":{},\"a\":[],\"f\":1.0,"
          "\"b\":12345678901234567890},\"user_id\":9007199254740993}}",
        "9007199254740993",
        "{\"user_info\":{\"z\":{},\"a\":[],\"f\":1.0,\"b\":12345678901234567890},"
        "\"user_id\":9007199254740993,\"socketId\":\"ID\"}");
    reads("{\"channel_data\":{\"user_id\":\"a\\/b\",\"user_info\":\"\\u00e9\"}}", "a/b",
        "{\"user_id\":\"a/b\",\"user_info\":\"\xc3\xa9\",\"socketId\":\"ID\"}");
}

static void
a_number_and_its_text_are_the_same_user(void **state)
{
    (void)state;
    reads("{\"channel_data\":{\"user_id\":7}}", "7", "{\"user_id\":7,\"socketId\":\"ID\"}");
    reads("{\"channel_data\":{\"user_id\":\"7\"}}", "7", "{\"user_id\":\"7\",\"socketId\":\"ID\"}");
}

static void
the_application_s_socket_id_is_replaced(void **state)
{
    (void)state;
    reads("{\"channel_data\":{\"socketId\":\"x\",\"user_id\":1,\"socket\\u0049d\":{}}}", "1",
        "{\"user_id\":1,\"socketId\":\"ID\"}");
}

static void
no_member_data_is_none(void **state)
{
    static const char *const bodies[] = { "", "true", "{}", "[]", "OK", "{\"auth\":\"x\"}",
        "{\"channel_data\":null}", "{\"channel_data\":false}", "{\"channel_data\":\"\"}",
        "{\"channel_data\":\"null\"}", "{\"channel_data\":{\"user_id\":1}" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        is(MEMBER_NONE, bodies[i]);
}

static void
member_data_that_names_nobody_is_bad(void **state)
{
    static const char *const bodies[] = { "{\"channel_data\":\"x\"}", "{\"channel_data\":1}",
        "{\"channel_data\":[]}", "{\"channel_data\":\"[1]\"}", "{\"channel_data\":{}}",
        "{\"channel_data\":\"{\\\"user_id\\\":1\"}", "{\"channel_data\":true}",
        "{\"channel_data\":{\"user_id\":null}}", "{\"channel_data\":{\"user_id\":[1]}}",
        "{\"channel_data\":{\"user_id\":{}}}", "{\"channel_data\":{\"user_id\":true}}" };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++)
        is(MEMBER_BAD, bodies[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_member_is_an_object_or_its_text),
        cmocka_unit_test(values_stay_what_they_are),
        cmocka_unit_test(a_number_and_its_text_are_the_same_user),
        cmocka_unit_test(the_application_s_socket_id_is_replaced),
        cmocka_unit_test(no_member_data_is_none),
        cmocka_unit_test(member_data_that_names_nobody_is_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
