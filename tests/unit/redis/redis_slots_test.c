/* SPDX-License-Identifier: MIT */
/*
 * Tests of redis_slots: where keys are, and what nodes say of it.
 */
#include "redis_slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/mem.h"

/* The examples of Redis Cluster's specification, and what redis-server 7 says. */
static void
slot_is_that_of_the_tag(void **state)
{
    (void)state;
    assert_int_equal(redis_slots_of(STR_LIT("123456789")), 0x31c3);
    assert_int_equal(redis_slots_of(STR_LIT("foo")), 12182);
    assert_int_equal(redis_slots_of(STR_LIT("{foo}.bar")), 12182);
    assert_int_equal(redis_slots_of(STR_LIT("x{foo}{bar}")), 12182);
    assert_int_equal(redis_slots_of(STR_LIT("")), 0);
    assert_int_equal(redis_slots_of(STR_LIT("{user1000}.following")),
        redis_slots_of(STR_LIT("{user1000}.followers")));
    assert_int_not_equal(redis_slots_of(STR_LIT("{}foo")), redis_slots_of(STR_LIT("{}bar")));
    assert_int_equal(redis_slots_of(STR_LIT("foo{{bar}}zap")), redis_slots_of(STR_LIT("{bar")));
}

#define INTEGER(n)                                                                                 \
    {                                                                                              \
        .kind = REDIS_INTEGER, .integer = n                                                        \
    }
#define STRING(s)                                                                                  \
    {                                                                                              \
        .kind = REDIS_STRING, .text = { s, sizeof(s) - 1 }                                         \
    }
#define ARRAY(a)                                                                                   \
    {                                                                                              \
        .kind = REDIS_ARRAY, .items = a, .count = sizeof(a) / sizeof((a)[0])                       \
    }

static const struct redis_value one[] = { STRING("10.0.0.1"), INTEGER(7001), STRING("id") };
static const struct redis_value two[] = { STRING(""), INTEGER(7002), STRING("id") };
static const struct redis_value three[] = { STRING("?"), INTEGER(7003), STRING("id") };
static const struct redis_value low[] = { INTEGER(0), INTEGER(8000), ARRAY(one), ARRAY(three) };
static const struct redis_value high[] = { INTEGER(8001), INTEGER(16383), ARRAY(two) };

static struct redis_slots *
read_slots(const struct redis_value *ranges, size_t count, bool *good)
{
    const struct redis_value v = { .kind = REDIS_ARRAY, .items = ranges, .count = count };
    struct redis_slots *s = mem_zalloc(sizeof(*s));

    *good = redis_slots_read(s, &v, "10.0.0.9");
    return s;
}

static void
discard(struct redis_slots *s)
{
    redis_slots_fini(s);
    free(s);
}

static void
answer_names_masters_and_all_nodes(void **state)
{
    static const struct redis_value ranges[] = { ARRAY(low), ARRAY(high) };
    bool good;
    struct redis_slots *s = read_slots(ranges, 2, &good);

    (void)state;
    assert_true(good && redis_slots_complete(s));
    assert_int_equal(s->masters.count, 2);
    assert_string_equal(s->masters.items[0].host, "10.0.0.1");
    assert_string_equal(s->masters.items[1].host, "10.0.0.9");
    assert_int_equal(s->masters.items[1].port, 7002);
    assert_int_equal(s->owner[8000], 1);
    assert_int_equal(s->owner[8001], 2);
    assert_int_equal(s->nodes.count, 3);
    assert_string_equal(s->nodes.items[1].host, "10.0.0.9");
    assert_int_equal(s->nodes.items[1].port, 7003);
    discard(s);
}

static void
gaps_are_seen(void **state)
{
    static const struct redis_value ranges[] = { ARRAY(high) };
    bool good;
    struct redis_slots *s = read_slots(ranges, 1, &good);

    (void)state;
    assert_true(good);
    assert_false(redis_slots_complete(s));
    discard(s);
}

static void
malformed_answers_are_refused(void **state)
{
    static const struct redis_value port[] = { STRING("a"), INTEGER(70000) };
    static const struct redis_value text[] = { STRING("a"), STRING("7000") };
    static const struct redis_value past[] = { INTEGER(0), INTEGER(16384), ARRAY(one) };
    static const struct redis_value below[] = { INTEGER(-1), INTEGER(1), ARRAY(one) };
    static const struct redis_value alone[] = { INTEGER(0), INTEGER(1) };
    static const struct redis_value wrong_port[] = { INTEGER(0), INTEGER(1), ARRAY(port) };
    static const struct redis_value text_port[] = { INTEGER(0), INTEGER(1), ARRAY(text) };
    static const struct redis_value no_node[] = { INTEGER(0), INTEGER(1), INTEGER(2) };
    static const struct redis_value ranges[] = { ARRAY(past), ARRAY(below), ARRAY(alone),
        ARRAY(wrong_port), ARRAY(text_port), ARRAY(no_node), INTEGER(1) };

    (void)state;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        bool good;
        struct redis_slots *s = read_slots(&ranges[i], 1, &good);

        assert_false(good);
        discard(s);
    }
}

static void
redirections_are_understood(void **state)
{
    struct redis_slots_redirection r;

    (void)state;
    assert_true(redis_slots_redirects(STR_LIT("MOVED 3999 127.0.0.1:6381"), &r));
    assert_false(r.ask);
    assert_true(str_is(r.host, "127.0.0.1"));
    assert_int_equal(r.port, 6381);
    assert_true(redis_slots_redirects(STR_LIT("ASK 0 ::1:7"), &r));
    assert_true(r.ask);
    assert_true(str_is(r.host, "::1"));
    assert_false(redis_slots_redirects(STR_LIT("MOVED 3999"), &r));
    assert_false(redis_slots_redirects(STR_LIT("MOVED x 127.0.0.1:6381"), &r));
    assert_false(redis_slots_redirects(STR_LIT("MOVED 16384 127.0.0.1:6381"), &r));
    assert_false(redis_slots_redirects(STR_LIT("ASK 1 127.0.0.1:port"), &r));
    assert_false(redis_slots_redirects(STR_LIT("ERR MOVED 1 127.0.0.1:1"), &r));
    assert_false(redis_slots_redirects(STR_LIT(""), &r));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slot_is_that_of_the_tag),
        cmocka_unit_test(answer_names_masters_and_all_nodes),
        cmocka_unit_test(gaps_are_seen),
        cmocka_unit_test(malformed_answers_are_refused),
        cmocka_unit_test(redirections_are_understood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
