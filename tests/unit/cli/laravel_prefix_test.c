/* SPDX-License-Identifier: MIT */
/*
 * laravel_prefix: the forms that config/database.php has had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "laravel_prefix.h"

#define IN_REDIS(line)                                                                             \
    "<?php\nreturn [\n 'connections' => ['mysql' => ['prefix' => 'my_', 'x' => '[)']],\n"          \
    " 'redis' => [\n  'client' => env('REDIS_CLIENT', 'phpredis'),\n  'options' => [\n"            \
    "   'cluster' => env('REDIS_CLUSTER', 'redis'),\n" line                                        \
    "  ],\n  'default' => ['host' => env('REDIS_HOST', '127.0.0.1')],\n ],\n];\n"

static struct laravel_prefix
read(const char *php)
{
    return laravel_prefix_read(str_of(php));
}

static void
both_default_forms_are_known(void **state)
{
    struct laravel_prefix p = read(
        IN_REDIS("   'prefix' => env('REDIS_PREFIX', Str::slug(env('APP_NAME', 'laravel'), '_')"
                 ".'_database_'),\n"));

    (void)state;
    assert_true(p.known && p.from_env && p.slugged);
    assert_int_equal(p.separator, '_');
    assert_string_equal(p.text, "_database_");
    p = read(IN_REDIS("   'prefix' => env('REDIS_PREFIX', Str::slug((string) env('APP_NAME', "
                      "'laravel')) . '-database-'),\n"));
    assert_true(p.known && p.from_env && p.slugged);
    assert_int_equal(p.separator, '-');
    assert_string_equal(p.text, "-database-");
}

static void
a_text_may_stand_there(void **state)
{
    struct laravel_prefix p = read(IN_REDIS("   'prefix' => 'mine:',\n"));

    (void)state;
    assert_true(p.known && !p.from_env && !p.slugged);
    assert_string_equal(p.text, "mine:");
    p = read(IN_REDIS("   \"prefix\"   =>  env( \"REDIS_PREFIX\" , ''),\n"));
    assert_true(p.known && p.from_env);
    p = read(IN_REDIS("   'prefix' => env('REDIS_PREFIX', ''),\n"));
    assert_true(p.known && p.from_env && !p.slugged);
    assert_string_equal(p.text, "");
    p = read(IN_REDIS("   'prefix' => env('REDIS_PREFIX'),\n"));
    assert_true(p.known && p.from_env);
}

static void
comments_do_not_count(void **state)
{
    struct laravel_prefix p = read(IN_REDIS("   // 'prefix' => 'a',\n   # 'prefix' => 'b',\n"
                                            "   /* 'prefix' => 'c', */ 'prefix' => 'd',\n"));

    (void)state;
    assert_true(p.known);
    assert_string_equal(p.text, "d");
}

static void
without_one_there_is_none(void **state)
{
    struct laravel_prefix p = read(IN_REDIS(""));

    (void)state;
    assert_true(p.known && !p.from_env && !p.slugged);
    assert_string_equal(p.text, "");
}

static void
what_is_written_otherwise_is_unknown(void **state)
{
    static const char *const unknown[] = {
        IN_REDIS("   'prefix' => strtolower('A'),\n"),
        IN_REDIS("   'prefix' => env('OTHER', 'x'),\n"),
        IN_REDIS("   'prefix' => \"{$x}_\",\n"),
        IN_REDIS("   'prefix' => Str::slug(env('APP_NAME')).env('X'),\n"),
        IN_REDIS("   'prefix' => 'a'.'b',\n"),
        "<?php return ['connections' => []];",
        "<?php return ['redis' => ['options' => ['prefix' => 'never closed",
        "'redis' =>",
        "",
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        assert_false(read(unknown[i]).known);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_default_forms_are_known),
        cmocka_unit_test(a_text_may_stand_there),
        cmocka_unit_test(comments_do_not_count),
        cmocka_unit_test(without_one_there_is_none),
        cmocka_unit_test(what_is_written_otherwise_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
