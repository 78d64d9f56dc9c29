/* SPDX-License-Identifier: MIT */
/*
 * config: where variables are looked for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "written.h"

static void
dotenv_beside_the_configuration_is_read(void **state)
{
    struct written w;
    char path[80];

    (void)state;
    config_free(load(&w, "{}"));
    snprintf(path, sizeof(path), "%s/.env", w.dir);
    write_file(path, "LARAVEL_ECHO_SERVER_PORT=7009\n");
    w.config = config_load(&(struct config_request){ .file = w.file });
    assert_int_equal(w.config->port, 7009);
    unlink(path);
    discard(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dotenv_beside_the_configuration_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
