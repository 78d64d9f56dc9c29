/* SPDX-License-Identifier: MIT */
/*
 * registry: counts by worker.
 */
#include "registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"

struct names {
    struct registry *registry;
    struct bytes *news, *orders;
};

static int
setup(void **state)
{
    static struct names n;

    n.registry = registry_new(3);
    n.news = bytes_new("news", 4);
    n.orders = bytes_new("orders", 6);
    *state = &n;
    return 0;
}

static int
teardown(void **state)
{
    struct names *n = *state;

    registry_free(n->registry);
    bytes_unref(n->news);
    bytes_unref(n->orders);
    return 0;
}

static size_t
count(const struct registry *r)
{
    const struct cluster_channels channels = registry_as_channels(r);
    struct str name;
    size_t cursor = 0, n = 0;

    while (channels.next(channels.owner, &cursor, &name)) {
        assert_true(channels.has(channels.owner, name));
        n++;
    }
    return n;
}

static void
nobody_is_in_an_unknown_channel(void **state)
{
    struct names *n = *state;

    assert_null(registry_find(n->registry, STR_LIT("news")));
    assert_int_equal(count(n->registry), 0);
}

static void
joins_are_counted_by_worker(void **state)
{
    struct names *n = *state;
    const struct registry_channel *c;

    registry_join(n->registry, n->news, 0);
    registry_join(n->registry, n->news, 2);
    registry_join(n->registry, n->news, 2);
    registry_join(n->registry, n->orders, 1);
    c = registry_find(n->registry, STR_LIT("news"));
    assert_non_null(c);
    assert_int_equal(c->sockets, 3);
    assert_int_equal(c->of_worker[0], 1);
    assert_int_equal(c->of_worker[1], 0);
    assert_int_equal(c->of_worker[2], 2);
    assert_int_equal(count(n->registry), 2);
}

static void
last_leave_forgets_the_channel(void **state)
{
    struct names *n = *state;

    registry_join(n->registry, n->news, 0);
    registry_join(n->registry, n->news, 1);
    registry_leave(n->registry, n->news, 0);
    assert_int_equal(registry_find(n->registry, STR_LIT("news"))->of_worker[0], 0);
    registry_leave(n->registry, n->news, 1);
    assert_null(registry_find(n->registry, STR_LIT("news")));
    assert_int_equal(count(n->registry), 0);
}

static void
a_name_outlives_the_message_that_brought_it(void **state)
{
    struct names *n = *state;
    struct bytes *other = bytes_new("other", 5);

    registry_join(n->registry, other, 0);
    bytes_unref(other);
    assert_non_null(registry_find(n->registry, STR_LIT("other")));
}

static void
names_are_bytes_and_compare_whole(void **state)
{
    struct names *n = *state;

    registry_join(n->registry, n->news, 0);
    assert_null(registry_find(n->registry, STR_LIT("new")));
    assert_null(registry_find(n->registry, STR_LIT("news\0")));
    assert_null(registry_find(n->registry, STR_LIT("News")));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_is_in_an_unknown_channel, setup, teardown),
        cmocka_unit_test_setup_teardown(joins_are_counted_by_worker, setup, teardown),
        cmocka_unit_test_setup_teardown(last_leave_forgets_the_channel, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_name_outlives_the_message_that_brought_it, setup, teardown),
        cmocka_unit_test_setup_teardown(names_are_bytes_and_compare_whole, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
