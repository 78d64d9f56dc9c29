/* SPDX-License-Identifier: MIT */
/*
 * Tests of probe: a Redis that is there, and one that is not.
 */
#include "server/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/buffer.h"
#include "config/config.h"
#include "net/free_port.h"
#include "net/turn.h"
#include "redis/redis_server.h"

enum { RETRY_US = 20000 };

static struct config *
load(unsigned port, const char *password)
{
    char text[16];
    const struct config_setting settings[] = {
        { .path = "databaseConfig.redis.host", .value = "127.0.0.1" },
        { .path = "databaseConfig.redis.port", .value = text },
        { .path = "databaseConfig.redis.password", .value = password },
    };

    snprintf(text, sizeof(text), "%u", port);
    return config_load(
        &(struct config_request){ .settings = settings, .setting_count = COUNT_OF(settings) });
}

static void
redis_that_is_not_there_is_named(void **state)
{
    unsigned port = free_port();
    struct config *c = load(port, "secret");
    struct buffer why = { 0 };
    char where[32];

    (void)state;
    snprintf(where, sizeof(where), "127.0.0.1:%u", port);
    assert_false(probe_redis(c, &why));
    assert_true(str_contains(buffer_str(&why), "connection refused"));
    assert_true(str_contains(buffer_str(&why), where));
    buffer_fini(&why);
    config_free(c);
}

static void
answer_is_what_redis_says(void **state)
{
    unsigned port = free_port();
    pid_t server = redis_server_start(port, "--requirepass", "right");
    struct config *good = load(port, "right"), *bad = load(port, "wrong-one");
    struct buffer why = { 0 };

    (void)state;
    while (!probe_redis(good, &why)) {
        assert_true(!str_contains(buffer_str(&why), "password"));
        usleep(RETRY_US);
    }
    buffer_clear(&why);
    assert_false(probe_redis(bad, &why));
    assert_true(str_contains(buffer_str(&why), "wrong password"));
    assert_false(str_contains(buffer_str(&why), "wrong-one"));
    redis_server_stop(server);
    buffer_fini(&why);
    config_free(good);
    config_free(bad);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(redis_that_is_not_there_is_named),
        TEST(answer_is_what_redis_says),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
