/* SPDX-License-Identifier: MIT */
/*
 * shares: who may hold more, and how the table stays small.
 */
#include "net/shares.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"

enum { ROOM = 1024, MANY = 10000, LIMIT = 1000 };

static struct shares *table;
static size_t used;

static int
begin(void **state)
{
    (void)state;
    table = shares_new();
    used = 0;
    return 0;
}

static int
end(void **state)
{
    (void)state;
    shares_free(table);
    return 0;
}

static struct share *
of(const char *text)
{
    struct address a;

    assert_true(address_parse(str_of(text), &a));
    return shares_of(table, &a);
}

static bool
takes(struct share *s)
{
    if (used == LIMIT || !shares_admit(s, SHARES_CONNECTIONS, LIMIT - used, LIMIT))
        return false;
    shares_take(s, SHARES_CONNECTIONS);
    used++;
    return true;
}

static size_t
takes_all_it_can(struct share *s)
{
    while (takes(s))
        ;
    return shares_held(s, SHARES_CONNECTIONS);
}

static void
gives_all_back(struct share *s)
{
    while (shares_held(s, SHARES_CONNECTIONS) > 0)
        shares_give_back(s, SHARES_CONNECTIONS);
}

static void
alone_an_address_has_four_fifths(void **state)
{
    struct share *office = of("192.0.2.1");

    (void)state;
    assert_int_equal(takes_all_it_can(office), LIMIT * 4 / 5);
    shares_give_back(office, SHARES_CONNECTIONS);
    used--;
    assert_true(takes(office));
    gives_all_back(office);
}

static void
the_rest_is_for_others(void **state)
{
    struct share *office = of("192.0.2.1");
    char text[32];

    (void)state;
    takes_all_it_can(office);
    for (int i = 0; i < LIMIT / 5; i++) {
        snprintf(text, sizeof(text), "198.51.100.%d", i);
        assert_true(takes(of(text)));
        assert_false(takes(office));
    }
    assert_int_equal(used, LIMIT);
    gives_all_back(office);
    for (int i = 0; i < LIMIT / 5; i++) {
        snprintf(text, sizeof(text), "198.51.100.%d", i);
        gives_all_back(of(text));
    }
}

static void
together_the_large_have_four_fifths(void **state)
{
    struct share *one = of("192.0.2.1"), *other = of("192.0.2.2");

    (void)state;
    while (used < LIMIT / 2)
        assert_true(takes(one));
    assert_int_equal(takes_all_it_can(other), LIMIT * 3 / 10);
    assert_false(takes(one));
    gives_all_back(one);
    gives_all_back(other);
}

static void
the_less_is_left_the_less_one_may_hold(void **state)
{
    struct share *first = of("192.0.2.1"), *second, *third;

    (void)state;
    takes_all_it_can(first);
    second = of("192.0.2.2");
    assert_int_equal(takes_all_it_can(second), 40);
    third = of("192.0.2.3");
    assert_int_equal(takes_all_it_can(third), 32);
    assert_false(takes(second));
    gives_all_back(first);
    gives_all_back(second);
    gives_all_back(third);
}

static void
twenty_that_are_greedy_leave_room_for_others(void **state)
{
    char text[32];

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof(text), "192.0.2.%d", i);
        takes_all_it_can(of(text));
    }
    assert_true(takes(of("198.51.100.7")));
    gives_all_back(of("198.51.100.7"));
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof(text), "192.0.2.%d", i);
        gives_all_back(of(text));
    }
}

static void
the_first_of_an_address_is_always_taken(void **state)
{
    (void)state;
    for (size_t limit = 1; limit < 100; limit++)
        for (size_t room = 1; room <= limit; room++)
            assert_true(shares_admit(of("192.0.2.1"), SHARES_CONNECTIONS, room, limit));
}

static void
ipv6_counts_by_64_bits_and_mapped_as_ipv4(void **state)
{
    char text[SHARES_TEXT_SIZE];

    (void)state;
    assert_ptr_equal(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    assert_ptr_not_equal(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
    assert_ptr_equal(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    assert_ptr_not_equal(of("192.0.2.1"), of("192.0.2.2"));
    assert_string_equal(shares_text(of("2001:db8:1:2::1"), text), "2001:db8:1:2::/64");
    assert_string_equal(shares_text(of("::ffff:192.0.2.1"), text), "192.0.2.1");
}

static void
the_kinds_do_not_mix(void **state)
{
    struct share *s = of("192.0.2.1");

    (void)state;
    shares_take(s, SHARES_ADRIFT);
    assert_int_equal(shares_held(s, SHARES_ADRIFT), 1);
    assert_int_equal(shares_held(s, SHARES_CONNECTIONS), 0);
    shares_give_back(s, SHARES_ADRIFT);
}

static void
an_act_is_counted_by_address_and_by_itself(void **state)
{
    const struct allowance_rate rate = { 2, 0 };

    (void)state;
    for (int i = 0; i < 2; i++)
        assert_true(shares_pass(of("2001:db8::1"), SHARES_HANDSHAKE, rate, 100000));
    assert_false(shares_pass(of("2001:db8::2"), SHARES_HANDSHAKE, rate, 100000));
    assert_true(shares_pass(of("2001:db8::2"), SHARES_QUESTION, rate, 100000));
    assert_true(shares_pass(of("192.0.2.1"), SHARES_HANDSHAKE, rate, 100000));
    for (int i = 0; i < 100; i++) {
        assert_true(shares_pass(shares_local(table), SHARES_HANDSHAKE, rate, 100000));
        assert_true(shares_pass(NULL, SHARES_HANDSHAKE, rate, 100000));
    }
}

static void
whom_a_silent_proxy_serves_is_not_limited(void **state)
{
    struct share *local = shares_local(table);

    (void)state;
    assert_int_equal(takes_all_it_can(local), LIMIT);
    assert_true(shares_admit(local, SHARES_CONNECTIONS, 0, LIMIT));
    assert_true(shares_admit(NULL, SHARES_CONNECTIONS, 0, LIMIT));
    gives_all_back(local);
}

static void
a_flood_of_addresses_does_not_grow_the_table(void **state)
{
    char text[40];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "2001:db8:0:%x::1", i);
        of(text);
    }
    assert_true(shares_count(table) <= ROOM);
}

static void
who_holds_something_is_kept_and_the_idle_make_room(void **state)
{
    struct share *kept[ROOM];
    char text[40];

    (void)state;
    for (int i = 0; i < ROOM; i++) {
        snprintf(text, sizeof(text), "192.0.%d.%d", i / 256, i % 256);
        kept[i] = of(text);
        shares_take(kept[i], SHARES_CONNECTIONS);
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "2001:db8:0:%x::1", i);
        of(text);
    }
    /* Each new one looks at four: when three of them are in use one is still freed. */
    assert_true(shares_count(table) <= ROOM + ROOM);
    for (int i = 0; i < ROOM; i++) {
        snprintf(text, sizeof(text), "192.0.%d.%d", i / 256, i % 256);
        assert_ptr_equal(of(text), kept[i]);
        shares_give_back(kept[i], SHARES_CONNECTIONS);
    }
}

/* "192.0.2.7|connections|2|<since>,..." */
static bool
is_listed(const char *entry)
{
    struct buffer out = { 0 };
    bool is;

    shares_write_limited(&out);
    is = str_contains(buffer_str(&out), entry);
    buffer_fini(&out);
    return is;
}

static void
who_was_refused_is_listed_and_can_be_lifted(void **state)
{
    struct share *s = of("192.0.2.7"), *v6 = of("2001:db8:7::1");
    struct address a;

    (void)state;
    assert_false(is_listed("192.0.2.7"));
    assert_true(shares_refuse(s, "connections"));
    assert_true(shares_refuse(s, "connections"));
    assert_true(shares_refuse(v6, "handshakes"));
    assert_true(is_listed("192.0.2.7|connections|2|"));
    assert_true(is_listed("2001:db8:7::/64|handshakes|1|"));
    assert_true(address_parse(STR_LIT("2001:db8:7::9"), &a) && shares_lift(&a));
    assert_false(shares_refuse(v6, "handshakes"));
    assert_true(shares_refuse(s, "connections"));
    assert_true(is_listed("2001:db8:7::/64|lifted|"));
    assert_true(shares_refuse(NULL, "connections"));
    assert_true(shares_refuse(shares_local(table), "connections"));
    assert_false(is_listed("local"));
}

static void
the_list_has_an_end_and_keeps_who_was_lifted(void **state)
{
    char text[40];
    struct address a;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "198.18.%d.%d", i / 256, i % 256);
        assert_true(shares_refuse(of(text), "questions"));
    }
    assert_true(address_parse(STR_LIT("2001:db8:7::9"), &a));
    assert_false(shares_refuse(of("2001:db8:7::9"), "handshakes"));
    assert_true(is_listed("2001:db8:7::/64|lifted|"));
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof(text), "203.0.%d.%d", i / 256, i % 256);
        assert_true(address_parse(str_of(text), &a));
        if (!shares_lift(&a))
            return;
    }
    fail_msg("no end");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(alone_an_address_has_four_fifths),
        TEST(the_rest_is_for_others),
        TEST(together_the_large_have_four_fifths),
        TEST(the_less_is_left_the_less_one_may_hold),
        TEST(twenty_that_are_greedy_leave_room_for_others),
        TEST(the_first_of_an_address_is_always_taken),
        TEST(ipv6_counts_by_64_bits_and_mapped_as_ipv4),
        TEST(the_kinds_do_not_mix),
        TEST(an_act_is_counted_by_address_and_by_itself),
        TEST(whom_a_silent_proxy_serves_is_not_limited),
        TEST(a_flood_of_addresses_does_not_grow_the_table),
        TEST(who_holds_something_is_kept_and_the_idle_make_room),
        TEST(who_was_refused_is_listed_and_can_be_lifted),
        TEST(the_list_has_an_end_and_keeps_who_was_lifted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
