/* SPDX-License-Identifier: MIT */
/*
 * options: what must hold for every row of the table.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "options.h"

static void
every_row_has_a_path_of_its_own_and_a_help_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < options_count(); i++) {
        const struct option *o = options_row(i);

        assert_ptr_equal(options_find(str_of(o->path)), o);
        assert_non_null(o->help);
        assert_null(strpbrk(o->help, "|\n"));
    }
}

static void
every_value_has_a_variable_of_its_own(void **state)
{
    char one[OPTIONS_ENV_SIZE], other[OPTIONS_ENV_SIZE];

    (void)state;
    for (size_t i = 0; i < options_count(); i++) {
        if (!options_env_name(options_row(i), one))
            continue;
        for (size_t k = 0; k < i; k++)
            if (options_env_name(options_row(k), other))
                assert_string_not_equal(one, other);
    }
}

static void
the_reference_s_variables_keep_their_names(void **state)
{
    static const char *const known[][2] = {
        { "authHost", "AUTH_HOST" },
        { "devMode", "DEBUG" },
        { "host", "HOST" },
        { "port", "PORT" },
        { "databaseConfig.redis.host", "REDIS_HOST" },
        { "databaseConfig.redis.port", "REDIS_PORT" },
        { "databaseConfig.redis.password", "REDIS_PASSWORD" },
        { "protocol", "PROTO" },
        { "sslCertPath", "SSL_CERT" },
        { "sslKeyPath", "SSL_KEY" },
        { "sslCertChainPath", "SSL_CHAIN" },
        { "sslPassphrase", "SSL_PASS" },
    };
    char name[OPTIONS_ENV_SIZE];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        assert_true(options_env_name(options_find(str_of(known[i][0])), name));
        assert_string_equal(name + strlen(OPTIONS_ENV_PREFIX), known[i][1]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_has_a_path_of_its_own_and_a_help_text),
        cmocka_unit_test(every_value_has_a_variable_of_its_own),
        cmocka_unit_test(the_reference_s_variables_keep_their_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
