/* SPDX-License-Identifier: MIT */
/*
 * args: options before and behind the command, in every spelling.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "args.h"
#include "base/buffer.h"
#include "base/log.h"

#define PARSE(a, ...) parse((a), (char *[]){ "echo-server", __VA_ARGS__, NULL })

static bool
parse(struct args *a, char **argv)
{
    struct buffer error = { 0 };
    bool ok;
    int argc = 0;

    while (argv[argc])
        argc++;
    ok = args_parse(argc, argv, a, &error);
    assert_int_equal(ok, error.len == 0);
    buffer_fini(&error);
    return ok;
}

static void
options_stand_before_or_behind_the_command(void **state)
{
    struct args a;

    (void)state;
    assert_true(PARSE(&a, "--config=a.json", "start", "--dir", "/srv", "--dev", "--force"));
    assert_string_equal(a.command, "start");
    assert_string_equal(a.config, "a.json");
    assert_string_equal(a.dir, "/srv");
    assert_true(a.dev && a.force && !a.help);
    assert_true(PARSE(&a, "-c", "b.json", "stop"));
    assert_string_equal(a.command, "stop");
    assert_string_equal(a.config, "b.json");
}

static void
switches_can_be_turned_off(void **state)
{
    struct args a;

    (void)state;
    assert_true(PARSE(&a, "start", "--dev=false"));
    assert_false(a.dev);
    assert_true(PARSE(&a, "start", "--dev", "--no-dev"));
    assert_false(a.dev);
    assert_true(PARSE(&a, "start", "--dev=true"));
    assert_true(a.dev);
}

static void
an_unknown_option_harms_nothing(void **state)
{
    struct args a;

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    assert_true(PARSE(&a, "--fast", "start", "--colour=red", "-q", "more"));
    assert_string_equal(a.command, "start");
    assert_null(a.config);
}

static void
a_value_that_is_missing_is_an_error(void **state)
{
    struct args a;

    (void)state;
    assert_false(PARSE(&a, "start", "--config"));
    assert_false(PARSE(&a, "start", "--config="));
}

static void
nothing_is_no_command(void **state)
{
    struct args a;

    (void)state;
    assert_true(PARSE(&a, "--version"));
    assert_null(a.command);
    assert_true(a.version);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_stand_before_or_behind_the_command),
        cmocka_unit_test(switches_can_be_turned_off),
        cmocka_unit_test(an_unknown_option_harms_nothing),
        cmocka_unit_test(a_value_that_is_missing_is_an_error),
        cmocka_unit_test(nothing_is_no_command),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
