/* SPDX-License-Identifier: MIT */
/*
 * map: compared with a plain array over random operations; walks that remove.
 */
#include "base/map.h"

#include <stdio.h>

#include "text.h"

enum { KEYS = 500, STEPS = 200000 };

struct entry {
    char name[8];
    size_t len;
    bool present;
    unsigned visits;
};

static struct entry entries[KEYS];

static struct str
key_of(const struct entry *e)
{
    return str_slice(e->name, e->len);
}

static int
make_entries(void **state)
{
    (void)state;
    for (unsigned i = 0; i < KEYS; i++) {
        entries[i] = (struct entry){ 0 };
        entries[i].len = (size_t)snprintf(entries[i].name, sizeof(entries[i].name), "k%u", i);
    }
    return 0;
}

static size_t
fill(struct map *m)
{
    for (unsigned i = 0; i < KEYS; i++) {
        assert_null(map_put(m, key_of(&entries[i]), &entries[i]));
        entries[i].present = true;
    }
    return m->count;
}

static void
all_zero_is_an_empty_map(void **state)
{
    struct map m = { 0 };
    size_t cursor = 0;

    (void)state;
    assert_null(map_get(&m, STR_LIT("a")));
    assert_null(map_remove(&m, STR_LIT("a")));
    assert_null(map_next(&m, &cursor));
    map_fini(&m);
}

static void
replacing_returns_the_old_value_and_takes_the_new_key(void **state)
{
    struct map m = { 0 };
    char first[] = "key", second[] = "key";
    int a, b;

    (void)state;
    assert_null(map_put(&m, str_of(first), &a));
    assert_ptr_equal(map_put(&m, str_of(second), &b), &a);
    first[0] = 'x';
    assert_ptr_equal(map_get(&m, STR_LIT("key")), &b);
    assert_int_equal(m.count, 1);
    map_fini(&m);
}

static void
keys_are_bytes_of_any_kind_and_length(void **state)
{
    static const char text[] = "\0\0ab\xff"
                               "abcdefghijklmnopqrstuvwxyz";
    char values[sizeof(text)];
    struct map m = { 0 };

    (void)state;
    for (size_t n = 0; n < sizeof(text); n++)
        assert_null(map_put(&m, str_slice(text, n), &values[n]));
    for (size_t n = 0; n < sizeof(text); n++)
        assert_ptr_equal(map_get(&m, str_slice(text, n)), &values[n]);
    map_fini(&m);
}

static void
random_operations_agree_with_an_array(void **state)
{
    struct map m = { 0 };
    uint64_t seed = text_seed();
    size_t count = 0;

    (void)state;
    for (int i = 0; i < STEPS; i++) {
        struct entry *e = &entries[text_random(&seed) % KEYS];
        void *wanted = e->present ? e : NULL;
        /* Long phases of growth and of emptying. */
        bool add = text_random(&seed) % 100 < (i / 20000 % 2 ? 30u : 70u);

        assert_ptr_equal(map_get(&m, key_of(e)), wanted);
        assert_ptr_equal(add ? map_put(&m, key_of(e), e) : map_remove(&m, key_of(e)), wanted);
        count = count + (add && !wanted) - (!add && wanted);
        e->present = add;
        assert_int_equal(m.count, count);
    }
    assert_true(m.capacity <= 2048);
    map_fini(&m);
}

static void
coming_and_going_does_not_grow_the_table(void **state)
{
    struct map m = { 0 };

    (void)state;
    for (int i = 0; i < STEPS; i++) {
        struct entry *e = &entries[i % KEYS];
        assert_null(map_put(&m, key_of(e), e));
        if (i >= 4)
            assert_non_null(map_remove(&m, key_of(&entries[(i - 4) % KEYS])));
    }
    assert_true(m.capacity <= 32);
    map_fini(&m);
}

static void
walk_visits_each_once(void **state)
{
    struct map m = { 0 };
    struct entry *e;

    (void)state;
    fill(&m);
    for (size_t i = 0; (e = map_next(&m, &i));)
        e->visits++;
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(entries[i].visits, 1);
    map_fini(&m);
}

/* Runs that wrap around the table's end are likely in one of many tables. */
static void
walk_that_removes_visits_each_once(void **state)
{
    struct entry *e;

    for (int round = 0; round < 200; round++) {
        struct map m = { 0 };

        make_entries(state);
        fill(&m);
        for (size_t i = 0; (e = map_next(&m, &i));) {
            e->visits++;
            if (round % 2 || e->name[1] % 2)
                assert_ptr_equal(map_remove(&m, key_of(e)), e);
        }
        for (int i = 0; i < KEYS; i++)
            assert_int_equal(entries[i].visits, 1);
        assert_true(round % 2 == 0 || m.count == 0);
        map_fini(&m);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_zero_is_an_empty_map),
        cmocka_unit_test(replacing_returns_the_old_value_and_takes_the_new_key),
        cmocka_unit_test(keys_are_bytes_of_any_kind_and_length),
        cmocka_unit_test_setup(random_operations_agree_with_an_array, make_entries),
        cmocka_unit_test_setup(coming_and_going_does_not_grow_the_table, make_entries),
        cmocka_unit_test_setup(walk_visits_each_once, make_entries),
        cmocka_unit_test_setup(walk_that_removes_visits_each_once, make_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
