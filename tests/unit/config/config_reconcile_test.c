/* SPDX-License-Identifier: MIT */
/*
 * config_reconcile: every kind of value is compared, and kept where it has to wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "written.h"

struct changes {
    struct buffer live, waiting; /* "path path " */
};

static void
note(void *owner, const char *path, bool live)
{
    struct changes *c = owner;

    buffer_printf(live ? &c->live : &c->waiting, "%s ", path);
}

/* What a reload of next over running changes; the configurations are open until discard(). */
static struct changes
reconcile(struct written *running, struct written *next, const char *a, const char *b)
{
    struct changes c = { 0 };

    assert_non_null(load(running, a));
    assert_non_null(load(next, b));
    config_reconcile(next->config, running->config, note, &c);
    return c;
}

static void
changes_are(const char *a, const char *b, const char *live, const char *waiting)
{
    struct written running, next;
    struct changes c = reconcile(&running, &next, a, b);

    assert_string_equal(text(&c.live), live);
    assert_string_equal(text(&c.waiting), waiting);
    buffer_fini(&c.live);
    buffer_fini(&c.waiting);
    discard(&running);
    discard(&next);
}

static void
every_kind_is_compared(void **state)
{
    (void)state;
    changes_are("{\"port\":1,\"maxChannels\":3}", "{\"port\":\"1\",\"maxChannels\":3}", "", "");
    changes_are("{}", "{\"maxChannels\":3}", "maxChannels ", "");
    changes_are("{}", "{\"authHost\":[\"http://a\",\"b\"]}", "authHost ", "");
    changes_are("{}", "{\"clients\":[{\"appId\":\"a\",\"key\":\"k\"}]}", "clients ", "");
    changes_are("{\"clients\":[{\"appId\":\"a\",\"key\":\"k\"}]}",
        "{\"clients\":[{\"appId\":\"a\",\"key\":\"l\"}]}", "clients ", "");
    changes_are("{\"headers\":{\"A\":\"1\"}}", "{\"headers\":{\"A\":\"2\"}}", "headers ", "");
    changes_are("{}", "{\"logLevel\":\"debug\"}", "logLevel ", "");
    changes_are("{\"certificates\":[{\"certPath\":\"a\",\"keyPath\":\"b\",\"hosts\":\"x\"}]}",
        "{\"certificates\":[{\"certPath\":\"a\",\"keyPath\":\"b\",\"hosts\":[\"x\",\"y\"]}]}",
        "certificates ", "");
    changes_are("{}", "{\"port\":7,\"host\":\"h\",\"devMode\":true}", "", "host port devMode ");
}

/* Engine.IO 4 has the cookie only where it is asked for. */
static void
a_default_that_is_given_counts_where_it_is_live(void **state)
{
    (void)state;
    changes_are("{}", "{\"socketio\":{\"cookie\":true}}", "socketio.cookie ", "");
    changes_are("{}", "{\"port\":6001}", "", "");
}

static void
what_waits_keeps_its_value(void **state)
{
    struct written running, next;
    struct changes c = reconcile(&running, &next,
        "{\"port\":1,\"host\":\"h\",\"devMode\":true,\"socketio\":{\"transports\":\"polling\"}}",
        "{\"port\":2,\"workers\":9,\"maxChannels\":4,\"socketio\":{\"path\":\"/p\"}}");

    (void)state;
    assert_int_equal(next.config->port, 1);
    assert_string_equal(next.config->host, "h");
    assert_true(next.config->dev_mode);
    assert_int_equal(next.config->workers, 0);
    assert_string_equal(next.config->path, "/socket.io");
    assert_int_equal(next.config->transports.count, 1);
    assert_null(next.config->transports.items[1]);
    assert_int_equal(next.config->max_channels, 4);
    assert_true(config_is_set(next.config, "port"));
    assert_false(config_is_set(next.config, "workers"));
    discard(&running); /* nothing is shared */
    assert_string_equal(next.config->transports.items[0], "polling");
    discard(&next);
    buffer_fini(&c.live);
    buffer_fini(&c.waiting);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_compared),
        cmocka_unit_test(a_default_that_is_given_counts_where_it_is_live),
        cmocka_unit_test(what_waits_keeps_its_value),
    };

    return cmocka_run_group_tests_name("config/config_reconcile", tests, NULL, NULL);
}
