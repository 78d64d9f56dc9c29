/* SPDX-License-Identifier: MIT */
/*
 * claim: the line; what is written is read again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "instance/claim.h"

static void
what_is_written_is_read(void **state)
{
    const struct claim_line d = {
        .version = STR_LIT("1.0.0"),
        .state = STR_LIT("ready"),
        .host = STR_LIT("*"),
        .config = STR_LIT("/srv/my site=1/echo.json"),
        .started = 1764040866,
        .port = 6001,
        .memory = 9000,
        .memory_limit = 5000000000,
    };
    struct buffer line = { 0 };
    struct claim_line read;

    (void)state;
    claim_write(&d, &line);
    assert_true(claim_parse(buffer_str(&line), &read));
    assert_true(str_equal(read.version, d.version));
    assert_true(str_equal(read.state, d.state));
    assert_true(str_equal(read.host, d.host));
    assert_true(str_equal(read.config, d.config));
    assert_int_equal(read.started, d.started);
    assert_int_equal(read.port, d.port);
    assert_int_equal(read.memory, d.memory);
    assert_int_equal(read.memory_limit, d.memory_limit);
    buffer_fini(&line);
}

static void
a_key_of_a_later_version_is_skipped(void **state)
{
    struct claim_line d;

    (void)state;
    assert_true(claim_parse(STR_LIT("mood=fine state=ready config=\n"), &d));
    assert_true(str_is(d.state, "ready"));
    assert_int_equal(d.config.len, 0);
}

static void
half_a_line_is_none(void **state)
{
    static const char *const wrong[] = { "", "\n", "state=ready", "state=ready\n",
        "config=/srv/e.js", "port=x config=/srv\n", "state\n" };
    struct claim_line d;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(claim_parse(str_of(wrong[i]), &d));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(a_key_of_a_later_version_is_skipped),
        cmocka_unit_test(half_a_line_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
