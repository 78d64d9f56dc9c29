/* SPDX-License-Identifier: MIT */
/*
 * findings: what a wrong name was probably meant to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "findings.h"

static void
hear(void *owner, enum config_severity severity, const char *line)
{
    assert_int_equal(severity, CONFIG_WARNING);
    buffer_append(owner, line, strlen(line) + 1);
}

static void
check(const char *path, const char *line)
{
    struct buffer said = { 0 };
    struct config_request request = { .say = hear, .owner = &said };
    struct findings f = { .request = &request };

    findings_unknown(&f, "file", path);
    assert_string_equal(said.data, line);
    assert_false(f.failed);
    buffer_fini(&said);
}

static void
the_nearest_name_is_near(void **state)
{
    (void)state;
    check("prot", "file: unknown option prot; did you mean port?");
    check("authhost", "file: unknown option authhost; did you mean authHost?");
    check("redis.keyPrefix",
        "file: unknown option redis.keyPrefix; did you mean databaseConfig.redis.keyPrefix?");
    check("a\n\033[2J", "file: unknown option a??[2J");
    check("nothing like it", "file: unknown option nothing like it");
}

static void
a_path_is_not_a_name(void **state)
{
    (void)state;
    check("socketio.path", "file: unknown option \"socketio.path\"; use nested objects");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_nearest_name_is_near),
        cmocka_unit_test(a_path_is_not_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
