/* SPDX-License-Identifier: MIT */
/*
 * laravel: an application's folder.
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

#include "laravel.h"

static char folder[32];

static void
write_file(const char *name, const char *content)
{
    char path[96];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    fclose(file);
}

static int
make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/echo-laravel-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return 0;
}

static int
remove_folder(void **state)
{
    static const char *const names[] = { ".env", "artisan", "" };
    char path[96];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        remove(path);
    }
    return 0;
}

static void
other_folders_are_none(void **state)
{
    struct laravel *l;

    (void)state;
    assert_null(laravel_open(folder));
    write_file(".env", "LARAVEL_ECHO_SERVER_PORT=1\n");
    assert_null(laravel_open(folder));
    write_file("artisan", "");
    l = laravel_open(folder);
    assert_non_null(l);
    laravel_close(l);
}

static void
variables_are_what_laravel_sees(void **state)
{
    struct laravel *l;

    (void)state;
    write_file(".env",
        "APP_NAME=\"My App\"\nA=null\nB=(empty)\nC=\"${APP_NAME}, ${D} and ${NONE}\"\n"
        "D=${E}\nE=e\nLOOP=${LOOP}x\n");
    l = laravel_open(folder);
    assert_string_equal(laravel_get(l, "APP_NAME"), "My App");
    assert_null(laravel_get(l, "A"));
    assert_string_equal(laravel_get(l, "B"), "");
    assert_string_equal(laravel_get(l, "C"), "My App, e and ");
    assert_non_null(laravel_get(l, "LOOP"));
    assert_null(laravel_get(l, "NONE"));
    setenv("E", "outside", 1);
    assert_string_equal(laravel_get(l, "D"), "outside");
    unsetenv("E");
    laravel_close(l);
}

static struct laravel_redis
redis_of(const char *env, struct laravel **l)
{
    write_file("artisan", "");
    write_file(".env", env);
    *l = laravel_open(folder);
    return laravel_redis(*l);
}

static void
redis_is_found_in_every_form(void **state)
{
    struct laravel *l;
    struct laravel_redis r = redis_of("REDIS_HOST=redis\nREDIS_PASSWORD=null\nREDIS_PORT=6380", &l);

    (void)state;
    assert_string_equal(r.host, "redis");
    assert_string_equal(r.port, "6380");
    assert_true(!r.path && !r.username && !r.password_variable && !r.tls && !r.password_in_url);
    laravel_close(l);
    r = redis_of("REDIS_HOST=tls://r.example\nREDIS_PASSWORD=s\nREDIS_USERNAME=u", &l);
    assert_string_equal(r.host, "r.example");
    assert_string_equal(r.password_variable, "REDIS_PASSWORD");
    assert_string_equal(r.username, "u");
    assert_true(r.tls);
    laravel_close(l);
    r = redis_of("REDIS_HOST=/run/redis.sock\nREDIS_PORT=0", &l);
    assert_string_equal(r.path, "/run/redis.sock");
    assert_null(r.host);
    laravel_close(l);
    r = redis_of("REDIS_HOST=a\nREDIS_URL=rediss://user:p%40ss@b.example:7000/2?x=/", &l);
    assert_string_equal(r.host, "b.example");
    assert_string_equal(r.port, "7000");
    assert_string_equal(r.username, "user");
    assert_true(r.tls && r.password_in_url);
    laravel_close(l);
    r = redis_of("REDIS_URL=redis://:x@[::1]:7000", &l);
    assert_string_equal(r.host, "::1");
    assert_string_equal(r.port, "7000");
    assert_true(!r.username && r.password_in_url && !r.tls);
    laravel_close(l);
    r = redis_of("REDIS_HOST=a\nREDIS_URL=unix:///run/r.sock", &l);
    assert_string_equal(r.path, "/run/r.sock");
    assert_null(r.host);
    laravel_close(l);
    r = redis_of("REDIS_URL=redis://b", &l);
    assert_string_equal(r.host, "b");
    assert_true(!r.port && !r.username && !r.password_in_url);
    laravel_close(l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(other_folders_are_none, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(
            variables_are_what_laravel_sees, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(redis_is_found_in_every_form, make_folder, remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
