/* SPDX-License-Identifier: MIT */
/*
 * rewrite: a file changes as a whole, or not at all.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rewrite.h"

static char folder[32], file[64], lnk[64];

static int
make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/echo-rewrite-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(file, sizeof(file), "%s/file", folder);
    snprintf(lnk, sizeof(lnk), "%s/link", folder);
    return 0;
}

static int
remove_folder(void **state)
{
    (void)state;
    unlink(file);
    unlink(lnk);
    return rmdir(folder); /* fails when something was left in it */
}

static void
content_is(const char *text)
{
    char got[64] = "";
    FILE *f = fopen(file, "r");

    assert_non_null(f);
    got[fread(got, 1, sizeof(got) - 1, f)] = 0;
    fclose(f);
    assert_string_equal(got, text);
}

static void
change(const char *path, const char *before, const char *after)
{
    struct buffer error = { 0 };
    struct rewrite r;

    assert_true(rewrite_open(&r, path, &error));
    assert_true(str_is(buffer_str(&r.text), before));
    assert_true(rewrite_commit(&r, str_of(after), &error));
    rewrite_close(&r);
    assert_int_equal(error.len, 0);
}

static void
a_new_file_is_written(void **state)
{
    struct buffer error = { 0 };
    struct rewrite r;

    (void)state;
    assert_true(rewrite_open(&r, file, &error));
    assert_int_equal(r.fd, -1);
    rewrite_close(&r);
    assert_int_not_equal(access(file, F_OK), 0);
    change(file, "", "one");
    content_is("one");
    change(file, "one", "");
    content_is("");
}

static void
mode_and_link_stay(void **state)
{
    struct stat s;

    (void)state;
    change(file, "", "one");
    assert_int_equal(chmod(file, 0604), 0);
    assert_int_equal(symlink("file", lnk), 0);
    change(lnk, "one", "two");
    content_is("two");
    assert_int_equal(lstat(lnk, &s), 0);
    assert_true(S_ISLNK(s.st_mode));
    assert_int_equal(stat(file, &s), 0);
    assert_int_equal(s.st_mode & 07777, 0604);
}

static void
what_cannot_be_read_is_named(void **state)
{
    struct buffer error = { 0 };
    struct rewrite r;

    (void)state;
    assert_false(rewrite_open(&r, folder, &error));
    assert_true(str_starts(buffer_str(&error), folder));
    buffer_clear(&error);
    assert_true(rewrite_open(&r, "/none/file", &error));
    assert_false(rewrite_commit(&r, STR_LIT("x"), &error));
    assert_true(str_starts(buffer_str(&error), "/none/file"));
    rewrite_close(&r);
    buffer_fini(&error);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_new_file_is_written, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(mode_and_link_stay, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_named, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
