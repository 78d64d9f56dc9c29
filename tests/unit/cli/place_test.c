/* SPDX-License-Identifier: MIT */
/*
 * place: which file is meant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "place.h"

static char dir[] = "/tmp/echo-place-XXXXXX";

static int
make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
    (void)state;
    return rmdir(dir);
}

static void
touch(const char *name, bool there)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (!there) {
        unlink(path);
        return;
    }
    file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
}

static void
expect(const struct args *a, const char *file, bool exists, const char *lock)
{
    struct place p;
    size_t len = strlen(dir);

    place_init(&p, a);
    if (file)
        assert_string_equal(p.file + len, file);
    else
        assert_null(p.file);
    assert_int_equal(p.exists, exists);
    assert_string_equal(p.lock_path + len, lock);
    place_fini(&p);
}

static void
echo_server_json_comes_first_and_then_the_reference_s_name(void **state)
{
    const struct args a = { .dir = dir };

    (void)state;
    expect(&a, NULL, false, "/echo-server.lock");
    touch("laravel-echo-server.json", true);
    expect(&a, "/laravel-echo-server.json", true, "/laravel-echo-server.lock");
    touch("echo-server.json", true);
    expect(&a, "/echo-server.json", true, "/echo-server.lock");
    touch("echo-server.json", false);
    touch("laravel-echo-server.json", false);
}

static void
a_named_file_is_meant_whether_it_is_there_or_not(void **state)
{
    const struct args a = { .dir = dir, .config = "prod.json" };
    const struct args other = { .dir = dir, .config = "prod" };

    (void)state;
    expect(&a, "/prod.json", false, "/prod.lock");
    touch("prod.json", true);
    expect(&a, "/prod.json", true, "/prod.lock");
    touch("prod.json", false);
    expect(&other, "/prod", false, "/prod.lock");
}

static void
an_absolute_name_does_not_care_for_the_folder(void **state)
{
    char path[64];
    const struct args a = { .dir = "/nonexistent", .config = path };

    (void)state;
    snprintf(path, sizeof(path), "%s/x.json", dir);
    expect(&a, "/x.json", false, "/x.lock");
}

static void
a_lock_folder_keeps_the_lock_s_name(void **state)
{
    const struct args named = { .dir = dir, .config = "prod.json" }, none = { .dir = dir };
    struct place p;

    (void)state;
    setenv("ECHO_SERVER_LOCK_DIR", "/run/echo-server", 1);
    place_init(&p, &named);
    assert_string_equal(p.lock_path, "/run/echo-server/prod.lock");
    place_fini(&p);
    place_init(&p, &none);
    assert_string_equal(p.lock_path, "/run/echo-server/echo-server.lock");
    place_fini(&p);
    setenv("ECHO_SERVER_LOCK_DIR", "", 1);
    expect(&named, "/prod.json", false, "/prod.lock");
    unsetenv("ECHO_SERVER_LOCK_DIR");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(echo_server_json_comes_first_and_then_the_reference_s_name),
        cmocka_unit_test(a_named_file_is_meant_whether_it_is_there_or_not),
        cmocka_unit_test(an_absolute_name_does_not_care_for_the_folder),
        cmocka_unit_test(a_lock_folder_keeps_the_lock_s_name),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
