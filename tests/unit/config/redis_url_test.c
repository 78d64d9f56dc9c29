/* SPDX-License-Identifier: MIT */
/*
 * redis_url: what one text says of Redis, and what counts beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "written.h"

static struct config *
load_url(struct written *w, const char *url)
{
    char file[400];
    struct config *c;

    snprintf(file, sizeof(file), "{\"databaseConfig\":{\"redis\":\"%s\"}}", url);
    c = load(w, file);
    assert_non_null(c);
    assert_int_equal(w->errors.len, 0);
    return c;
}

static void
every_part_is_set(void **state)
{
    struct written w;
    struct config *c = load_url(&w, "rediss://us%40er:p%2Fw+%25@[2001:db8::1]:6380/3?ignored=1");

    (void)state;
    assert_string_equal(c->redis_host, "2001:db8::1");
    assert_int_equal(c->redis_port, 6380);
    assert_string_equal(c->redis_username, "us@er");
    assert_string_equal(c->redis_password, "p/w+%");
    assert_int_equal(c->redis_db, 3);
    assert_true(c->redis_tls);
    assert_null(c->redis_path);
    discard(&w);
}

static void
parts_may_be_missing(void **state)
{
    struct written w;
    struct config *c = load_url(&w, "redis://redis.internal");

    (void)state;
    assert_string_equal(c->redis_host, "redis.internal");
    assert_int_equal(c->redis_port, 6379);
    assert_null(c->redis_username);
    assert_null(c->redis_password);
    assert_false(c->redis_tls);
    discard(&w);
    c = load_url(&w, "redis://:pass@10.0.0.1:1");
    assert_string_equal(c->redis_password, "pass");
    assert_null(c->redis_username);
    discard(&w);
    c = load_url(&w, "10.0.0.1:7000");
    assert_string_equal(c->redis_host, "10.0.0.1");
    assert_int_equal(c->redis_port, 7000);
    discard(&w);
    c = load_url(&w, "7001");
    assert_string_equal(c->redis_host, "127.0.0.1");
    assert_int_equal(c->redis_port, 7001);
    discard(&w);
    c = load_url(&w, "unix:///run/redis.sock");
    assert_string_equal(c->redis_path, "/run/redis.sock");
    discard(&w);
    c = load_url(&w, "/run/other.sock");
    assert_string_equal(c->redis_path, "/run/other.sock");
    discard(&w);
}

static void
what_is_no_address_is_an_error_without_the_password(void **state)
{
    static const char *const wrong[] = { "http://:hidden@host", "redis://:hidden@host:port",
        "redis://:hidden@host:70000", "redis://:hidden@host/db", "redis://:hidden@[::1]6379",
        "unix://:hidden@", "redis://:hidden%00@host" };
    struct written w;
    char file[200];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        snprintf(file, sizeof(file), "{\"databaseConfig\":{\"redis\":{\"url\":\"%s\"}}}", wrong[i]);
        assert_null(load(&w, file));
        assert_int_equal(lines(&w.errors), 1);
        assert_non_null(
            strstr(text(&w.errors), "test.json: databaseConfig.redis.url is not valid"));
        assert_null(strstr(text(&w.errors), "hidden"));
        discard(&w);
    }
}

static void
the_text_counts_more_than_what_stands_beside_it(void **state)
{
    struct written w;
    struct config *c = load(&w,
        "{\"databaseConfig\":{\"redis\":{\"url\":\"redis://a:1\",\"host\":\"b\",\"port\":2,"
        "\"path\":\"/run/redis.sock\",\"password\":\"kept\"}}}");

    (void)state;
    assert_string_equal(c->redis_host, "a");
    assert_int_equal(c->redis_port, 1);
    assert_null(c->redis_path);
    assert_string_equal(c->redis_password, "kept");
    discard(&w);
}

static void
the_environment_counts_more_than_the_text_in_the_file(void **state)
{
    struct written w;
    struct config *c;

    (void)state;
    setenv("LARAVEL_ECHO_SERVER_REDIS_HOST", "c", 1);
    c = load_url(&w, "redis://:secret@a:1");
    assert_string_equal(c->redis_host, "c");
    assert_int_equal(c->redis_port, 1);
    assert_string_equal(c->redis_password, "secret");
    discard(&w);
    setenv("LARAVEL_ECHO_SERVER_REDIS_URL", "redis://d", 1);
    c = load_url(&w, "redis://:secret@a:1");
    assert_string_equal(c->redis_host, "d");
    discard(&w);
    unsetenv("LARAVEL_ECHO_SERVER_REDIS_URL");
    unsetenv("LARAVEL_ECHO_SERVER_REDIS_HOST");
}

static void
contradictions_are_errors(void **state)
{
    struct written w;

    (void)state;
    assert_null(
        load(&w, "{\"databaseConfig\":{\"redis\":{\"sentinels\":\"a\",\"cluster\":\"b\"}}}"));
    assert_non_null(strstr(text(&w.errors), "sentinels and databaseConfig.redis.cluster"));
    discard(&w);
    assert_null(load(&w, "{\"databaseConfig\":{\"redis\":{\"sentinelTLS\":true}}}"));
    assert_non_null(strstr(text(&w.errors), "databaseConfig.redis.sentinelTLS is true"));
    discard(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_is_set),
        cmocka_unit_test(parts_may_be_missing),
        cmocka_unit_test(what_is_no_address_is_an_error_without_the_password),
        cmocka_unit_test(the_text_counts_more_than_what_stands_beside_it),
        cmocka_unit_test(the_environment_counts_more_than_the_text_in_the_file),
        cmocka_unit_test(contradictions_are_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
