/* SPDX-License-Identifier: MIT */
/*
 * document_load: usual mistakes are told by their name.
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
#include "document_load.h"
#include "findings.h"

static bool
says(const char *text, const char *what)
{
    struct buffer out = { 0 };
    bool found;

    assert_false(document_load_check(str_of(text), &out));
    found = str_contains(buffer_str(&out), what);
    buffer_fini(&out);
    return found;
}

static void
hear(void *owner, enum config_severity severity, const char *line)
{
    assert_int_equal(severity, CONFIG_ERROR);
    buffer_clear(owner);
    buffer_append_text(owner, line);
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
    assert_true(says("{\"port\": 1", "incomplete"));
    assert_true(says("{\"port\": ", "incomplete"));
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
    struct config_request request = { .say = hear, .owner = &out };
    struct findings f = { .request = &request };
    FILE *file = fdopen(mkstemp(path), "w");

    (void)state;
    fputs("{\n  \"a\": 1,\n}", file);
    fclose(file);
    assert_null(document_load(path, &f));
    assert_true(str_starts(buffer_str(&out), path));
    assert_true(str_contains(buffer_str(&out), ":3:1: the file is not JSON"));
    unlink(path);
    assert_null(document_load(path, &f));
    assert_true(str_contains(buffer_str(&out), "No such file"));
    assert_null(document_load("/tmp", &f));
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
