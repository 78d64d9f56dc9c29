/* SPDX-License-Identifier: MIT */
/*
 * json_fault: usual mistakes are told by their name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "json_fault.h"

static bool
says(const char *text, const char *what)
{
    struct buffer out = { 0 };
    json_error_t e;
    bool found;

    assert_null(json_loadb(text, strlen(text), 0, &e));
    json_fault_explain(str_of(text), &e, &out);
    found = str_contains(buffer_str(&out), what);
    buffer_fini(&out);
    return found;
}

static void
usual_mistakes_are_named(void **state)
{
    (void)state;
    assert_true(says("", "empty"));
    assert_true(says(" \n", "empty"));
    assert_true(says("\xef\xbb\xbf{}", "byte order mark"));
    assert_true(says("{\n// port\n\"port\": 1}", "no comments"));
    assert_true(says("{\"port\": 1 /* */}", "no comments"));
    assert_true(says("{\n# port\n}", "no comments"));
    assert_true(says("{\"port\": 1,\n}", "remove the comma"));
    assert_true(says("{\"a\": [1, 2, ]}", "remove the comma"));
    assert_true(says("{'port': 1}", "double quotes"));
    assert_true(says("{\"port\": 1", "cut off"));
    assert_true(says("{\"port\": ", "cut off"));
}

static void
others_are_left_to_the_parser(void **state)
{
    (void)state;
    assert_true(says("{\"a\": 1 \"b\": 2}", "expected"));
    assert_false(says("{\"a\": 1 \"b\": 2}", ";"));
    assert_false(says("{\"a\": tru }", ";"));
}

static void
a_file_is_named_with_the_place_in_it(void **state)
{
    char path[] = "/tmp/echo-fault-XXXXXX";
    struct buffer out = { 0 };
    json_error_t e;
    FILE *file = fdopen(mkstemp(path), "w");

    (void)state;
    fputs("{\n  \"a\": 1,\n}", file);
    fclose(file);
    assert_null(json_load_file(path, 0, &e));
    json_fault_explain_file(path, &e, &out);
    assert_true(str_starts(buffer_str(&out), path));
    assert_true(str_contains(buffer_str(&out), ":3:1: the file is not JSON"));
    buffer_clear(&out);
    unlink(path);
    assert_null(json_load_file(path, 0, &e));
    json_fault_explain_file(path, &e, &out);
    assert_true(str_contains(buffer_str(&out), "No such file"));
    buffer_clear(&out);
    assert_null(json_load_file("/tmp", 0, &e));
    json_fault_explain_file("/tmp", &e, &out);
    assert_true(str_contains(buffer_str(&out), "/tmp: it is a folder"));
    buffer_fini(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usual_mistakes_are_named),
        cmocka_unit_test(others_are_left_to_the_parser),
        cmocka_unit_test(a_file_is_named_with_the_place_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
