/* SPDX-License-Identifier: MIT */
/*
 * config_edit: what changes in the text of a configuration, and what does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "config/config_edit.h"

/* The text afterwards is what is expected. */
static void
check(enum config_edit result, enum config_edit wanted, struct buffer *out, const char *after)
{
    assert_int_equal(result, wanted);
    *buffer_reserve(out, 1) = 0;
    if (after)
        assert_string_equal(out->data, after);
    buffer_fini(out);
}

static void
put(const char *before, const char *id, enum config_edit wanted, const char *after)
{
    struct buffer out = { 0 }, error = { 0 };

    check(config_edit_put_client(str_of(before), id, "K", &out, &error), wanted, &out, after);
    assert_int_equal(error.len > 0, wanted == CONFIG_EDIT_FAILED);
    buffer_fini(&error);
}

static void
take(const char *before, const char *id, enum config_edit wanted, const char *after)
{
    struct buffer out = { 0 }, error = { 0 };

    check(config_edit_remove_client(str_of(before), id, &out, &error), wanted, &out, after);
    buffer_fini(&error);
}

static void
an_empty_list_gets_its_first_client(void **state)
{
    (void)state;
    put("{\n\t\"clients\": [],\n\t\"port\": \"6001\"\n}", "a", CONFIG_EDIT_ADDED,
        "{\n\t\"clients\": [\n\t\t{\n\t\t\t\"appId\": \"a\",\n\t\t\t\"key\": \"K\"\n\t\t}\n\t],\n"
        "\t\"port\": \"6001\"\n}");
    put("{\"clients\": [ ], \"x\": 1.50}", "a", CONFIG_EDIT_ADDED,
        "{\"clients\": [{\"appId\": \"a\", \"key\": \"K\"}], \"x\": 1.50}");
    put("{\"clients\": null}", "a", CONFIG_EDIT_ADDED,
        "{\"clients\": [{\"appId\": \"a\", \"key\": \"K\"}]}");
}

static void
another_client_looks_like_the_last(void **state)
{
    (void)state;
    put("{\n  \"clients\": [\n    {\n      \"appId\": \"b\",\n      \"key\": \"1\"\n    }\n  "
        "]\n}\n",
        "a", CONFIG_EDIT_ADDED,
        "{\n  \"clients\": [\n    {\n      \"appId\": \"b\",\n      \"key\": \"1\"\n    },\n"
        "    {\n      \"appId\": \"a\",\n      \"key\": \"K\"\n    }\n  ]\n}\n");
    put("{\n  \"clients\": [\n    {\"appId\": \"b\", \"key\": \"1\"}\n  ]\n}", "a",
        CONFIG_EDIT_ADDED,
        "{\n  \"clients\": [\n    {\"appId\": \"b\", \"key\": \"1\"},\n"
        "    {\"appId\": \"a\", \"key\": \"K\"}\n  ]\n}");
    put("{\n  \"clients\": [{\"appId\": \"b\", \"key\": \"1\"}]\n}", "a", CONFIG_EDIT_ADDED,
        "{\n  \"clients\": [{\"appId\": \"b\", \"key\": \"1\"}, "
        "{\"appId\": \"a\", \"key\": \"K\"}]\n}");
}

static void
a_missing_list_is_added_at_the_end(void **state)
{
    (void)state;
    put("{\r\n    \"port\": 1,\r\n    \"other\": {\"clients\": 3}\r\n}\r\n", "a", CONFIG_EDIT_ADDED,
        "{\r\n    \"port\": 1,\r\n    \"other\": {\"clients\": 3},\r\n    \"clients\": [\r\n"
        "        {\r\n            \"appId\": \"a\",\r\n            \"key\": \"K\"\r\n        }\r\n"
        "    ]\r\n}\r\n");
    put("{\"port\":1}", "a", CONFIG_EDIT_ADDED,
        "{\"port\":1, \"clients\": [{\"appId\": \"a\", \"key\": \"K\"}]}");
    put("{ }", "a", CONFIG_EDIT_ADDED,
        "{\n\t\"clients\": [\n\t\t{\n\t\t\t\"appId\": \"a\",\n\t\t\t\"key\": \"K\"\n\t\t}\n\t]\n}");
}

static void
a_known_id_gets_a_new_key_and_nothing_else_changes(void **state)
{
    (void)state;
    put("{\"clients\":[{\"note\":\"\\u00e4 \\/ [{\",\"key\":\"old\",\"appId\":\"a\"},"
        "{\"appId\":\"b\",\"key\":\"other\"}],\"n\":1e3}",
        "a", CONFIG_EDIT_UPDATED,
        "{\"clients\":[{\"note\":\"\\u00e4 \\/ [{\",\"key\":\"K\",\"appId\":\"a\"},"
        "{\"appId\":\"b\",\"key\":\"other\"}],\"n\":1e3}");
    put("{\"clients\":[{\"appId\":\"a\",\"key\":1}],\"n\":123456789012345678901234}", "a",
        CONFIG_EDIT_UPDATED,
        "{\"clients\":[{\"appId\":\"a\",\"key\":\"K\"}],\"n\":123456789012345678901234}");
    put("{\"clients\":[{\"appId\":7,\"key\":\"old\"}]}", "7", CONFIG_EDIT_UPDATED,
        "{\"clients\":[{\"appId\":7,\"key\":\"K\"}]}");
    put("{\"clients\":[{\"appId\":\"a\"}, {\"appId\":\"a\",\"key\":null}]}", "a",
        CONFIG_EDIT_UPDATED,
        "{\"clients\":[{\"key\": \"K\", \"appId\":\"a\"}, {\"appId\":\"a\",\"key\":\"K\"}]}");
}

static void
the_last_of_two_lists_is_the_one_that_counts(void **state)
{
    (void)state;
    put("{\"clients\":[], \"clients\":[{\"appId\":\"a\",\"key\":\"x\"}]}", "a", CONFIG_EDIT_UPDATED,
        "{\"clients\":[], \"clients\":[{\"appId\":\"a\",\"key\":\"K\"}]}");
}

static void
a_client_is_removed_with_its_comma(void **state)
{
    static const char three[] = "{\"clients\": [{\"appId\":\"a\"}, {\"appId\":\"b\"}, "
                                "{\"appId\":\"c\"}], \"x\": 1}";

    (void)state;
    take(three, "a", CONFIG_EDIT_REMOVED,
        "{\"clients\": [{\"appId\":\"b\"}, {\"appId\":\"c\"}], \"x\": 1}");
    take(three, "b", CONFIG_EDIT_REMOVED,
        "{\"clients\": [{\"appId\":\"a\"}, {\"appId\":\"c\"}], \"x\": 1}");
    take(three, "c", CONFIG_EDIT_REMOVED,
        "{\"clients\": [{\"appId\":\"a\"}, {\"appId\":\"b\"}], \"x\": 1}");
    take("{\n\t\"clients\": [\n\t\t{ \"appId\": \"a\" }\n\t]\n}", "a", CONFIG_EDIT_REMOVED,
        "{\n\t\"clients\": []\n}");
    take("{\"clients\":[{\"appId\":\"a\"},{\"appId\":\"a\"}]}", "a", CONFIG_EDIT_REMOVED,
        "{\"clients\":[]}");
}

static void
an_unknown_id_removes_nothing(void **state)
{
    (void)state;
    take("{\"clients\": [{\"appId\":\"a\"}, 3, [\"b\"], {}]}", "b", CONFIG_EDIT_ABSENT,
        "{\"clients\": [{\"appId\":\"a\"}, 3, [\"b\"], {}]}");
    take("{\"port\": 1}", "b", CONFIG_EDIT_ABSENT, "{\"port\": 1}");
    take("{\"clients\": null}", "b", CONFIG_EDIT_ABSENT, "{\"clients\": null}");
}

static void
what_cannot_be_read_is_not_changed(void **state)
{
    (void)state;
    put("{\"clients\": [}", "a", CONFIG_EDIT_FAILED, NULL);
    put("[]", "a", CONFIG_EDIT_FAILED, NULL);
    put("", "a", CONFIG_EDIT_FAILED, NULL);
    put("{\"clients\": {\"appId\": \"a\"}}", "a", CONFIG_EDIT_FAILED, NULL);
    put("{}", "\xff", CONFIG_EDIT_FAILED, NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_list_gets_its_first_client),
        cmocka_unit_test(another_client_looks_like_the_last),
        cmocka_unit_test(a_missing_list_is_added_at_the_end),
        cmocka_unit_test(a_known_id_gets_a_new_key_and_nothing_else_changes),
        cmocka_unit_test(the_last_of_two_lists_is_the_one_that_counts),
        cmocka_unit_test(a_client_is_removed_with_its_comma),
        cmocka_unit_test(an_unknown_id_removes_nothing),
        cmocka_unit_test(what_cannot_be_read_is_not_changed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
