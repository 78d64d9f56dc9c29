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

#include "instance/place.h"

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
expect(const char *config, const char *file, bool exists, const char *lock)
{
    struct place p;
    size_t len = strlen(dir);

    place_init(&p, dir, config);
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
    (void)state;
    expect(NULL, NULL, false, "/echo-server.lock");
    touch("laravel-echo-server.json", true);
    expect(NULL, "/laravel-echo-server.json", true, "/laravel-echo-server.lock");
    touch("echo-server.json", true);
    expect(NULL, "/echo-server.json", true, "/echo-server.lock");
    touch("echo-server.json", false);
    touch("laravel-echo-server.json", false);
}

static void
a_named_file_is_meant_whether_it_is_there_or_not(void **state)
{
    (void)state;
    expect("prod.json", "/prod.json", false, "/prod.lock");
    touch("prod.json", true);
    expect("prod.json", "/prod.json", true, "/prod.lock");
    touch("prod.json", false);
    expect("prod", "/prod", false, "/prod.lock");
}

static void
an_absolute_name_does_not_care_for_the_folder(void **state)
{
    char path[64];
    struct place p;

    (void)state;
    snprintf(path, sizeof(path), "%s/x.json", dir);
    place_init(&p, "/nonexistent", path);
    assert_string_equal(p.file, path);
    place_fini(&p);
}

static void
a_lock_folder_keeps_the_lock_s_name(void **state)
{
    struct place p;

    (void)state;
    setenv("ECHO_SERVER_LOCK_DIR", "/run/echo-server", 1);
    place_init(&p, dir, "prod.json");
    assert_string_equal(p.lock_path, "/run/echo-server/prod.lock");
    place_fini(&p);
    place_init(&p, dir, NULL);
    assert_string_equal(p.lock_path, "/run/echo-server/echo-server.lock");
    place_fini(&p);
    setenv("ECHO_SERVER_LOCK_DIR", "", 1);
    expect("prod.json", "/prod.json", false, "/prod.lock");
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
