/* SPDX-License-Identifier: MIT */
/*
 * needs: threads, descriptors and Redis that a configuration asks for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "config/config.h"
#include "server/resources.h"

static struct config *
load(const struct config_setting *settings, size_t count)
{
    return config_load(&(struct config_request){
        .file = "/dev/null", .settings = settings, .setting_count = count, .lenient = true });
}

static void
redis_is_needed_where_it_is_named_or_subscribed_to(void **state)
{
    const struct config_setting all[] = {
        { "subscribers.redis", "false", "" },
        { "database", "redis", "" },
        { "databaseConfig.redis.host", "r", "" },
    };
    struct config *by_default = load(NULL, 0), *without = load(all, 2), *named = load(all, 3);

    (void)state;
    assert_true(resources_redis(by_default) && resources_redis_members(by_default));
    assert_true(!resources_redis(without) && !resources_redis_members(without));
    assert_true(resources_redis(named) && resources_redis_members(named));
    config_free(by_default);
    config_free(without);
    config_free(named);
}

static void
memory_alone_needs_redis_for_events_only(void **state)
{
    const struct config_setting sqlite = { "database", "sqlite", "" };
    struct config *c = load(&sqlite, 1);

    (void)state;
    assert_true(resources_redis(c) && !resources_redis_members(c));
    config_free(c);
}

static void
put_file(const char *root, const char *path, const char *text)
{
    char name[256];
    FILE *f;

    (void)snprintf(name, sizeof(name), "%s/%s", root, path);
    for (char *at = name + strlen(root) + 1; (at = strchr(at, '/')); at++) {
        *at = '\0';
        (void)mkdir(name, 0700);
        *at = '/';
    }
    f = fopen(name, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* As the kernel shows it to a service in a slice; the root has no limit of its own. */
static void
memory_is_the_least_that_the_machine_or_a_group_gives(void **state)
{
    enum { MIB = 1 << 20 };
    char root[] = "/tmp/resources-XXXXXX", command[64];

    (void)state;
    assert_non_null(mkdtemp(root));
    assert_int_equal(resources_memory(root, root), 0);
    put_file(root, "meminfo", "MemFree: 5 kB\nMemTotal:        1048576 kB\n");
    assert_int_equal(resources_memory(root, root), 1024 * MIB);
    put_file(root, "self/cgroup", "1:name=systemd:/x\n0::/web.slice/echo.service\n");
    put_file(root, "web.slice/echo.service/memory.max", "max\n");
    assert_int_equal(resources_memory(root, root), 1024 * MIB);
    put_file(root, "web.slice/memory.max", "536870912\n");
    assert_int_equal(resources_memory(root, root), 512 * MIB);
    put_file(root, "web.slice/echo.service/memory.max", "268435456\n");
    assert_int_equal(resources_memory(root, root), 256 * MIB);
    put_file(root, "self/cgroup", "0::/\n"); /* a container with its own root */
    assert_int_equal(resources_memory(root, root), 1024 * MIB);
    put_file(root, "memory.max", "134217728\n");
    assert_int_equal(resources_memory(root, root), 128 * MIB);
    (void)snprintf(command, sizeof(command), "rm -r %s", root);
    assert_int_equal(system(command), 0);
}

static void
half_of_the_memory_is_for_clients_unless_a_limit_is_set(void **state)
{
    const struct config_setting none = { "memoryLimit", "0", "" },
                                some = { "memoryLimit", "5000000", "" };
    struct config *by_default = load(NULL, 0), *off = load(&none, 1), *set = load(&some, 1);

    (void)state;
    assert_int_equal(resources_memory_limit(by_default, 1 << 30), 1 << 29);
    assert_int_equal(resources_memory_limit(off, 1 << 30), 0);
    assert_int_equal(resources_memory_limit(set, 1 << 30), 5000000);
    config_free(by_default);
    config_free(off);
    config_free(set);
}

static void
room_is_what_the_rest_leaves_of_the_descriptors(void **state)
{
    const struct config_setting workers = { "workers", "3", "" };
    struct config *c = load(&workers, 1);

    (void)state;
    assert_int_equal(resources_workers(c), 3);
    assert_in_range(resources_room(c, 1024, 3), 800, 1000);
    assert_int_equal(resources_room(c, 2048, 3), resources_room(c, 1024, 3) + 1024);
    assert_int_equal(resources_room(c, 10, 3), 3);
    config_free(c);
}

static void
few_descriptors_do_for_few_workers(void **state)
{
    const struct config_setting all[] = { { "workers", "3", "" }, { "workers", "200", "" } };
    struct config *few = load(&all[0], 1), *many = load(&all[1], 1);
    struct buffer error = { 0 };

    (void)state;
    assert_true(resources_fit(few, 64, &error) && resources_fit(many, 4096, &error));
    assert_int_equal(error.len, 0);
    assert_false(resources_fit(few, 24, &error));
    assert_true(
        str_contains(buffer_str(&error), "3 workers take 49 descriptors, and the limit is 24"));
    assert_false(resources_fit(many, 1024, &error));
    buffer_fini(&error);
    config_free(few);
    config_free(many);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(redis_is_needed_where_it_is_named_or_subscribed_to),
        cmocka_unit_test(memory_alone_needs_redis_for_events_only),
        cmocka_unit_test(memory_is_the_least_that_the_machine_or_a_group_gives),
        cmocka_unit_test(half_of_the_memory_is_for_clients_unless_a_limit_is_set),
        cmocka_unit_test(room_is_what_the_rest_leaves_of_the_descriptors),
        cmocka_unit_test(few_descriptors_do_for_few_workers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
