/* SPDX-License-Identifier: MIT */
/*
 * findings: what a wrong name was probably meant to be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

/* What people have written for what, and where no guess is better than a wrong one. */
static void
a_name_is_compared_within_its_group_first(void **state)
{
    static const char *const pairs[][2] = {
        { "databaseConfig.redis.database", "databaseConfig.redis.db" },
        { "databaseConfig.redis.pass", "databaseConfig.redis.password" },
        { "databaseConfig.redis.user", "databaseConfig.redis.username" },
        { "databaseConfig.redis.keyprefix", "databaseConfig.redis.keyPrefix" },
        { "databaseConfig.redis.prefix", "databaseConfig.redis.keyPrefix" },
        { "databaseConfig.prefix", "databaseConfig.redis.keyPrefix" },
        { "redis.database", "databaseConfig.redis.db" },
        { "redis.host", "databaseConfig.redis.host" },
        { "redis.port", "databaseConfig.redis.port" },
        { "cors", "socketio.cors" },
        { "pingInterval", "socketio.pingInterval" },
        { "sslCertPaht", "sslCertPath" },
        { "socketio.orgins", "socketio.origins" },
    };
    char line[200];

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        snprintf(line, sizeof(line), "file: unknown option %s; did you mean %s?", pairs[i][0],
            pairs[i][1]);
        check(pairs[i][0], line);
    }
    check("options", "file: unknown option options");
    check("redis.options", "file: unknown option redis.options");
    check("databaseConfig.redis.retryTactic",
        "file: unknown option databaseConfig.redis.retryTactic");
    check("x", "file: unknown option x");
    check("", "file: unknown option ");
}

static void
a_variable_is_compared_with_options_and_variables(void **state)
{
    static const char *const pairs[][2] = {
        { "POST", "PORT" },
        { "DB", "REDIS_DB" },
        { "REDIS_KEYPREFIX", "REDIS_KEY_PREFIX" },
        { "KEY_PREFIX", "REDIS_KEY_PREFIX" },
        { "DEV_MODE", "DEBUG" },
        { "AUTHHOST", "AUTH_HOST" },
        { "SSL_CERT_PATH", "SSL_CERT" },
    };
    char name[100], line[200];
    struct buffer said = { 0 };
    struct config_request request = { .say = hear, .owner = &said };
    struct findings f = { .request = &request };

    (void)state;
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        snprintf(name, sizeof(name), "LARAVEL_ECHO_SERVER_%s", pairs[i][0]);
        snprintf(line, sizeof(line), "unknown variable %s; did you mean LARAVEL_ECHO_SERVER_%s?",
            name, pairs[i][1]);
        findings_unknown_variable(&f, name);
        assert_string_equal(said.data, line);
        buffer_clear(&said);
    }
    findings_unknown_variable(&f, "LARAVEL_ECHO_SERVER_XYZ");
    assert_string_equal(said.data, "unknown variable LARAVEL_ECHO_SERVER_XYZ");
    assert_false(f.failed);
    buffer_fini(&said);
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
        cmocka_unit_test(a_name_is_compared_within_its_group_first),
        cmocka_unit_test(a_variable_is_compared_with_options_and_variables),
        cmocka_unit_test(a_path_is_not_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
