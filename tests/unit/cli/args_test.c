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
#include "base/str.h"
#include "command.h"

#define PARSE(a, ...) parse((a), (char *[]){ "echo-server", __VA_ARGS__, NULL })

static const struct flag start_flags[] = {
    { .name = "config", .letter = 'c', .value_name = "FILE", .at = offsetof(struct args, config) },
    { .name = "dir", .value_name = "DIR", .at = offsetof(struct args, dir), .help = "its folder" },
    { .name = "dev", .at = offsetof(struct args, dev), .help = "in a hurry" },
    { .name = "force", .at = offsetof(struct args, force) },
    { .name = NULL },
};

static const struct flag add_flags[] = {
    { .name = "config", .letter = 'c', .value_name = "FILE", .at = offsetof(struct args, config) },
    { .name = NULL },
};

static const struct command commands[] = {
    { .name = "start", .help = "Serve", .flags = start_flags },
    { .name = "stop", .alias = "halt", .help = "Stop", .flags = add_flags },
    { .name = "add", .operand = "[ID]", .help = "Add", .flags = add_flags },
    { .name = "hidden" },
    { .name = NULL },
};

static bool
parse(struct args *a, char **argv)
{
    struct buffer error = { 0 };
    bool ok = args_parse(argv, commands, a, &error);

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
    assert_ptr_equal(a.command, &commands[0]);
    assert_string_equal(a.config, "a.json");
    assert_string_equal(a.dir, "/srv");
    assert_true(a.dev && a.force && !a.help);
    assert_true(PARSE(&a, "-c", "b.json", "stop"));
    assert_ptr_equal(a.command, &commands[1]);
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
    assert_ptr_equal(a.command, &commands[0]);
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
    assert_null(a.word);
    assert_null(a.command);
    assert_true(a.version);
    assert_true(PARSE(&a, "dance"));
    assert_string_equal(a.word, "dance");
    assert_null(a.command);
}

static void
an_alias_is_the_command(void **state)
{
    struct args a;

    (void)state;
    assert_true(PARSE(&a, "halt"));
    assert_ptr_equal(a.command, &commands[1]);
}

static void
an_operand_stands_behind_the_command(void **state)
{
    struct args a;

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    assert_true(PARSE(&a, "--config", "a.json", "add", "x1"));
    assert_string_equal(a.operand, "x1");
    assert_string_equal(a.config, "a.json");
    assert_true(PARSE(&a, "add", "-c", "a.json"));
    assert_null(a.operand);
    assert_true(PARSE(&a, "add", "--", "-x1"));
    assert_string_equal(a.operand, "-x1");
    assert_true(PARSE(&a, "start", "x1"));
    assert_null(a.operand);
}

static void
a_flag_of_another_command_is_ignored_with_its_value(void **state)
{
    struct args a;

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    assert_true(PARSE(&a, "add", "--dir", "/srv", "--force", "x1"));
    assert_null(a.dir);
    assert_false(a.force);
    assert_string_equal(a.operand, "x1");
}

static void
help_shows_what_a_command_takes(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    args_help_command(&commands[0], &out);
    assert_true(str_contains(buffer_str(&out), "--dir=DIR"));
    assert_true(str_contains(buffer_str(&out), "in a hurry"));
    assert_true(str_contains(buffer_str(&out), "-h, --help"));
    buffer_clear(&out);
    args_help_command(&commands[2], &out);
    assert_true(str_contains(buffer_str(&out), "add [ID]"));
    assert_false(str_contains(buffer_str(&out), "--dir"));
    buffer_clear(&out);
    args_help_all(commands, &out);
    assert_true(str_contains(buffer_str(&out), "stop, halt"));
    assert_false(str_contains(buffer_str(&out), "hidden"));
    buffer_fini(&out);
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
        cmocka_unit_test(an_alias_is_the_command),
        cmocka_unit_test(an_operand_stands_behind_the_command),
        cmocka_unit_test(a_flag_of_another_command_is_ignored_with_its_value),
        cmocka_unit_test(help_shows_what_a_command_takes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
