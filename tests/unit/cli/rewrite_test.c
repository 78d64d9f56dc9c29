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

static mode_t
mode_with_secret(void)
{
    struct buffer error = { 0 };
    struct rewrite r;
    struct stat s;

    assert_true(rewrite_open(&r, file, &error));
    rewrite_make_secret(&r);
    assert_true(rewrite_commit(&r, STR_LIT("key"), &error));
    rewrite_close(&r);
    assert_int_equal(stat(file, &s), 0);
    return s.st_mode & 07777;
}

static void
a_secret_is_for_owner_and_group(void **state)
{
    static const mode_t before[] = { 0644, 0604, 0600, 0660 }, after[] = { 0640, 0600, 0600, 0660 };
    mode_t mask = umask(0);

    (void)state;
    assert_int_equal(mode_with_secret(), 0640);
    for (size_t i = 0; i < sizeof(before) / sizeof(*before); i++) {
        assert_int_equal(chmod(file, before[i]), 0);
        assert_int_equal(mode_with_secret(), after[i]);
    }
    unlink(file);
    umask(077);
    assert_int_equal(mode_with_secret(), 0600);
    umask(mask);
}

/* Root may give files away; the one whose file it was keeps it. */
static void
a_secret_stays_with_its_owner(void **state)
{
    struct stat s;

    (void)state;
    if (geteuid() != 0)
        skip();
    change(file, "", "one");
    assert_int_equal(chmod(file, 0644), 0);
    assert_int_equal(chown(file, 12345, 23456), 0);
    assert_int_equal(mode_with_secret(), 0640);
    assert_int_equal(stat(file, &s), 0);
    assert_int_equal(s.st_uid, 12345);
    assert_int_equal(s.st_gid, 23456);
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
        cmocka_unit_test_setup_teardown(
            a_secret_is_for_owner_and_group, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_secret_stays_with_its_owner, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(what_cannot_be_read_is_named, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
