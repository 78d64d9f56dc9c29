/* SPDX-License-Identifier: MIT */
/*
 * Tests of probe: a Redis that is there, and one that is not.
 */
#include "server/probe.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/attr.h"
#include "base/buffer.h"
#include "config/config.h"
#include "net/free_port.h"

enum { PATIENCE_S = 60, TURN_US = 20000 };

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

static pid_t
start_redis(unsigned port, const char *password)
{
    char text[16];
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid > 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(text, sizeof(text), "%u", port);
    if (!freopen("/dev/null", "w", stdout))
        _exit(1);
    execlp("redis-server", "redis-server", "--port", text, "--bind", "127.0.0.1", "--save", "",
        "--requirepass", password, (char *)NULL);
    _exit(127);
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
    pid_t server = start_redis(port, "right");
    struct config *good = load(port, "right"), *bad = load(port, "wrong-one");
    struct buffer why = { 0 };

    (void)state;
    while (!probe_redis(good, &why)) {
        assert_true(!str_contains(buffer_str(&why), "password"));
        usleep(TURN_US);
    }
    buffer_clear(&why);
    assert_false(probe_redis(bad, &why));
    assert_true(str_contains(buffer_str(&why), "wrong password"));
    assert_false(str_contains(buffer_str(&why), "wrong-one"));
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
    buffer_fini(&why);
    config_free(good);
    config_free(bad);
}

static int
be_patient(void **state)
{
    (void)state;
    alarm(PATIENCE_S);
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(redis_that_is_not_there_is_named, be_patient),
        cmocka_unit_test_setup(answer_is_what_redis_says, be_patient),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
