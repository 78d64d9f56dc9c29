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

/* What Kubernetes sets for a service of that name is none of ours. */
static void
a_variable_without_an_option_is_a_warning(void **state)
{
    static const char *const fine[] = { "LARAVEL_ECHO_SERVER_SERVICE_HOST",
        "LARAVEL_ECHO_SERVER_SERVICE_PORT_HTTP", "LARAVEL_ECHO_SERVER_PORT_6001_TCP",
        "LARAVEL_ECHO_SERVER_PORT_6001_TCP_ADDR", "LARAVEL_ECHO_SERVERS" };
    struct written w;

    (void)state;
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        setenv(fine[i], "1", 1);
    assert_non_null(load(&w, "{}"));
    assert_int_equal(lines(&w.warnings), 0);
    discard(&w);
    setenv("LARAVEL_ECHO_SERVER_POST", "6001", 1);
    assert_non_null(load(&w, "{}"));
    assert_int_equal(lines(&w.warnings), 1);
    assert_non_null(strstr(text(&w.warnings), "did you mean LARAVEL_ECHO_SERVER_PORT?"));
    discard(&w);
    unsetenv("LARAVEL_ECHO_SERVER_POST");
    for (size_t i = 0; i < sizeof(fine) / sizeof(fine[0]); i++)
        unsetenv(fine[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_without_an_option_is_a_warning),
        cmocka_unit_test(dotenv_beside_the_configuration_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
