/* SPDX-License-Identifier: MIT */
/*
 * snapshot: what the layers get of a configuration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/config.h"
#include "snapshot.h"

static struct config *
configure(const struct config_setting *settings, size_t count)
{
    struct config *c = config_load(
        &(struct config_request){ .file = NULL, .settings = settings, .setting_count = count });

    assert_non_null(c);
    return c;
}

static void
shares_add_up_and_nobody_has_none(void **state)
{
    size_t sum = 0;

    (void)state;
    for (unsigned w = 0; w < 5; w++)
        sum += snapshot_share(32, 5, w);
    assert_int_equal(sum, 32);
    assert_int_equal(snapshot_share(32, 5, 0), 7);
    assert_int_equal(snapshot_share(32, 5, 4), 6);
    assert_int_equal(snapshot_share(2, 4, 3), 1);
}

static void
connections_leave_a_reserve_of_descriptors(void **state)
{
    const struct config_setting many[] = { { "workers", "2", "" },
        { "maxConnections", "100000", "" } };
    const struct config_setting few[] = { { "workers", "2", "" }, { "maxConnections", "10", "" } };
    struct config *c = configure(many, 2);
    struct snapshot *l = snapshot_new(c, 1024);

    (void)state;
    assert_in_range(l->connections, 800, 1024 - 64);
    snapshot_free(l);
    config_free(c);
    c = configure(few, 2);
    l = snapshot_new(c, 1024);
    assert_int_equal(l->connections, 10);
    snapshot_free(l);
    l = snapshot_new(c, 10);
    assert_int_equal(l->connections, 2);
    snapshot_free(l);
    config_free(c);
}

static void
the_path_has_a_slash_at_both_ends(void **state)
{
    static const char *const paths[][2] = { { "/socket.io", "/socket.io/" }, { "ws", "/ws/" },
        { "/a/b/", "/a/b/" }, { "/", "/" } };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        const struct config_setting path = { "socketio.path", paths[i][0], "" };
        struct config *c = configure(&path, 1);
        struct snapshot *l = snapshot_new(c, 1024);

        assert_string_equal(l->engine.path, paths[i][1]);
        snapshot_free(l);
        config_free(c);
    }
}

static void
the_cookie_is_engine_io_3_s_unless_it_is_asked_for(void **state)
{
    const struct config_setting named[] = { { "socketio.cookie", "true", "" },
        { "socketio.cookie.name", "lb", "" } };
    struct config *c = configure(NULL, 0);
    struct snapshot *l = snapshot_new(c, 1024);

    (void)state;
    assert_string_equal(l->engine.cookie3_name, "io=");
    assert_string_equal(l->engine.cookie3_attributes, "; Path=/; HttpOnly; SameSite=Strict");
    assert_null(l->engine.cookie4_name);
    snapshot_free(l);
    config_free(c);
    c = configure(named, 2);
    l = snapshot_new(c, 1024);
    assert_string_equal(l->engine.cookie3_name, "lb=");
    assert_string_equal(l->engine.cookie4_name, "lb=");
    assert_string_equal(l->engine.cookie4_attributes, "; Path=/; HttpOnly; SameSite=Lax");
    snapshot_free(l);
    config_free(c);
}

/* As engine.io 3 and 6 have it. */
static void
a_cookie_that_is_an_object_is_bare_in_engine_io_3(void **state)
{
    char path[] = "/tmp/echo-snapshot-XXXXXX";
    FILE *file = fdopen(mkstemp(path), "w");
    struct config *c;
    struct snapshot *l;

    (void)state;
    fputs("{\"socketio\":{\"cookie\":{\"name\":\"lb\",\"domain\":\"a.example\"}}}", file);
    fclose(file);
    c = config_load(&(struct config_request){ .file = path });
    l = snapshot_new(c, 1024);
    assert_string_equal(l->engine.cookie3_name, "lb=");
    assert_string_equal(l->engine.cookie3_attributes, "; Domain=a.example");
    assert_string_equal(
        l->engine.cookie4_attributes, "; Domain=a.example; Path=/; HttpOnly; SameSite=Lax");
    snapshot_free(l);
    config_free(c);
    unlink(path);
}

static void
any_origin_is_no_list(void **state)
{
    const struct config_setting one = { "socketio.origins", "a.example:*", "" };
    struct config *c = configure(NULL, 0);
    struct snapshot *l = snapshot_new(c, 1024);

    (void)state;
    assert_null(l->engine.origins);
    snapshot_free(l);
    config_free(c);
    c = configure(&one, 1);
    l = snapshot_new(c, 1024);
    assert_string_equal(l->engine.origins[0], "a.example:*");
    assert_null(l->engine.origins[1]);
    snapshot_free(l);
    config_free(c);
}

static void
a_whisper_may_be_as_large_as_a_message(void **state)
{
    const struct config_setting own = { "whisperMaxSize", "500", "" };
    struct config *c = configure(NULL, 0);
    struct snapshot *l = snapshot_new(c, 1024);

    (void)state;
    assert_int_equal(l->channels.whisper_bytes, l->engine.message_bytes);
    snapshot_free(l);
    config_free(c);
    c = configure(&own, 1);
    l = snapshot_new(c, 1024);
    assert_int_equal(l->channels.whisper_bytes, 500);
    snapshot_free(l);
    config_free(c);
}

static void
members_are_kept_in_the_redis_that_is_named(void **state)
{
    const struct config_setting named[] = { { "databaseConfig.redis.host", "r", "" },
        { "database", "redis", "" }, { "subscribers.redis", "false", "" } };
    struct config *c = configure(named, COUNT_OF(named));
    struct snapshot *l;

    (void)state;
    c->embedded = false;
    l = snapshot_new(c, 1024);
    assert_true(l->hub.cluster.presence);
    assert_true(l->hub.cluster.members_key);
    snapshot_free(l);
    c->database = CONFIG_DATABASE_SQLITE;
    l = snapshot_new(c, 1024);
    assert_false(l->hub.cluster.presence);
    snapshot_free(l);
    config_free(c);
    c = configure(NULL, 0);
    l = snapshot_new(c, 1024);
    assert_false(l->hub.cluster.presence);
    snapshot_free(l);
    config_free(c);
}

static void
every_origin_allowed_is_no_list(void **state)
{
    const struct config_setting some = { "allowedOrigins", "https://a.test,*.b.test", "" };
    struct config *c = configure(NULL, 0);
    struct snapshot *l = snapshot_new(c, 1024);

    (void)state;
    assert_null(l->engine.allowed_origins);
    assert_non_null(l->engine.proxies);
    snapshot_free(l);
    config_free(c);
    c = configure(&some, 1);
    l = snapshot_new(c, 1024);
    assert_string_equal(l->engine.allowed_origins[1], "*.b.test");
    assert_null(l->engine.allowed_origins[2]);
    snapshot_free(l);
    config_free(c);
}

/* There are as many threads as there were. */
static void
the_next_one_is_for_the_same_workers(void **state)
{
    const struct config_setting three[] = { { "workers", "3", "" }, { "maxConnections", "9", "" } };
    struct config *c = configure(three, 2), *next = configure(NULL, 0);
    struct snapshot *l = snapshot_new(c, 2048), *renewed = snapshot_renew(l, next);

    (void)state;
    assert_int_equal(renewed->workers, 3);
    assert_int_equal(renewed->descriptors, 2048);
    assert_true(renewed->connections > 9);
    snapshot_free(l);
    snapshot_free(renewed);
    config_free(c);
    config_free(next);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_add_up_and_nobody_has_none),
        cmocka_unit_test(connections_leave_a_reserve_of_descriptors),
        cmocka_unit_test(the_path_has_a_slash_at_both_ends),
        cmocka_unit_test(the_cookie_is_engine_io_3_s_unless_it_is_asked_for),
        cmocka_unit_test(a_cookie_that_is_an_object_is_bare_in_engine_io_3),
        cmocka_unit_test(any_origin_is_no_list),
        cmocka_unit_test(a_whisper_may_be_as_large_as_a_message),
        cmocka_unit_test(members_are_kept_in_the_redis_that_is_named),
        cmocka_unit_test(every_origin_allowed_is_no_list),
        cmocka_unit_test(the_next_one_is_for_the_same_workers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
