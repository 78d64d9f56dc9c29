/* SPDX-License-Identifier: MIT */
/*
 * document_entries: the forms of a list of servers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "written.h"

static void
expect(const struct config_nodes *n, size_t i, const char *host, unsigned port)
{
    assert_true(i < n->count);
    assert_string_equal(n->items[i].host, host);
    assert_int_equal(n->items[i].port, port);
}

static void
objects_and_texts_are_nodes(void **state)
{
    struct written w;
    struct config *c = load(&w,
        "{\"databaseConfig\":{\"redis\":{\"sentinels\":[{\"host\":\"a\",\"port\":1},"
        "{\"host\":\"b\",\"port\":\"2\"},{\"host\":\"c\"},\"d\",\"e:3\",\"::1\",\"[::2]:4\"],"
        "\"name\":\"m\"}}}");

    (void)state;
    assert_non_null(c);
    assert_int_equal(c->redis_sentinels.count, 7);
    assert_string_equal(c->redis_master, "m");
    expect(&c->redis_sentinels, 0, "a", 1);
    expect(&c->redis_sentinels, 1, "b", 2);
    expect(&c->redis_sentinels, 2, "c", 26379);
    expect(&c->redis_sentinels, 3, "d", 26379);
    expect(&c->redis_sentinels, 4, "e", 3);
    expect(&c->redis_sentinels, 5, "::1", 26379);
    expect(&c->redis_sentinels, 6, "::2", 4);
    discard(&w);
}

static void
the_environment_has_a_form_too(void **state)
{
    struct written w;
    struct config *c;

    (void)state;
    setenv("LARAVEL_ECHO_SERVER_REDIS_CLUSTER", "a:1,b", 1);
    c = load(&w, "{\"databaseConfig\":{\"redis\":{\"cluster\":[\"replaced\"]}}}");
    assert_int_equal(c->redis_cluster.count, 2);
    expect(&c->redis_cluster, 0, "a", 1);
    expect(&c->redis_cluster, 1, "b", 6379);
    discard(&w);
    unsetenv("LARAVEL_ECHO_SERVER_REDIS_CLUSTER");
}

static void
what_is_no_node_is_an_error(void **state)
{
    static const char *const wrong[] = { "7", "true", "[7]", "[[]]", "[{}]", "[{\"port\":1}]",
        "[{\"host\":\"\"}]", "[{\"host\":\"a\",\"port\":0}]", "[{\"host\":\"a\",\"port\":70000}]",
        "[{\"host\":\"a\",\"port\":\"x\"}]", "\"a:b\"", "\"a:70000\"", "[\":1\"]" };
    struct written w;
    char file[200];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        snprintf(file, sizeof(file), "{\"databaseConfig\":{\"redis\":{\"cluster\":%s}}}", wrong[i]);
        assert_null(load(&w, file));
        assert_non_null(strstr(text(&w.errors), "databaseConfig.redis.cluster is "));
        discard(&w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_and_texts_are_nodes),
        cmocka_unit_test(the_environment_has_a_form_too),
        cmocka_unit_test(what_is_no_node_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
