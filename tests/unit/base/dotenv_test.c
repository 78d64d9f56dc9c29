/* SPDX-License-Identifier: MIT */
/*
 * dotenv: lines of Laravel's `.env`.
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

#include "base/dotenv.h"

static void
write_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void
lines_are_understood_and_others_skipped(void **state)
{
    char path[] = "/tmp/echo-dotenv-XXXXXX";
    struct dotenv *d;

    (void)state;
    close(mkstemp(path));
    write_file(path, "\xef\xbb\xbfMARKED=1\n"
                     "# a comment\n"
                     "PLAIN=one two # and why\n"
                     "  export SPACED = three\n"
                     "DOUBLE=\"a # b \\\\ 'c'\\n\"\n"
                     "INNER=\"a \"b\" c\"\n"
                     "BEHIND='it' # isn't it\n"
                     "CARRIED=\"x\"  \r\n"
                     "SINGLE='d \\n'\n"
                     "EMPTY=\n"
                     "no line\n"
                     "BAD NAME=x\n"
                     "OPEN=\"never closed\n"
                     "TWICE=1\nTWICE=2\n"
                     "HASH=#all\n"
                     "NONE= # all\n"
                     "MID=a#b\n"
                     "WITH-DASH=1\n"
                     "LAST=end");
    d = dotenv_read(path);
    assert_string_equal(dotenv_get(d, "PLAIN"), "one two");
    assert_string_equal(dotenv_get(d, "SPACED"), "three");
    assert_string_equal(dotenv_get(d, "DOUBLE"), "a # b \\\\ 'c'\n");
    assert_string_equal(dotenv_get(d, "INNER"), "a \"b\" c");
    assert_string_equal(dotenv_get(d, "BEHIND"), "it");
    assert_string_equal(dotenv_get(d, "CARRIED"), "x");
    assert_string_equal(dotenv_get(d, "MARKED"), "1");
    assert_string_equal(dotenv_get(d, "SINGLE"), "d \\n");
    assert_string_equal(dotenv_get(d, "EMPTY"), "");
    assert_string_equal(dotenv_get(d, "HASH"), "#all");
    assert_string_equal(dotenv_get(d, "NONE"), "");
    assert_string_equal(dotenv_get(d, "MID"), "a#b");
    assert_string_equal(dotenv_get(d, "WITH-DASH"), "1");
    assert_string_equal(dotenv_get(d, "TWICE"), "2");
    assert_string_equal(dotenv_get(d, "LAST"), "end");
    assert_null(dotenv_get(d, "OPEN"));
    assert_null(dotenv_get(d, "BAD NAME"));
    dotenv_free(d);
    unlink(path);
}

static void
a_missing_file_holds_nothing(void **state)
{
    (void)state;
    assert_null(dotenv_read("/nonexistent/.env"));
    assert_null(dotenv_get(NULL, "A"));
    dotenv_free(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_understood_and_others_skipped),
        cmocka_unit_test(a_missing_file_holds_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
