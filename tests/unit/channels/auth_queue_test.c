/* SPDX-License-Identifier: MIT */
/*
 * auth_queue: whose turn it is.
 */
#include "auth_queue.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "channels/auth.h"
#include "net/shares.h"

enum { LINES = 3, ASKS = 500, NO_LIMIT = 1000, SLOTS = 2 };

static struct auth_queue queue;
static struct auth_line lines[LINES];
static struct list asks[LINES][ASKS];

static int
setup(void **state)
{
    (void)state;
    auth_queue_init(&queue);
    for (size_t l = 0; l < LINES; l++) {
        auth_line_init(&lines[l]);
        for (size_t i = 0; i < ASKS; i++)
            list_init(&asks[l][i]);
    }
    return 0;
}

static void
add(size_t line, size_t count)
{
    for (size_t i = 0; i < count; i++)
        auth_queue_add(&queue, &lines[line], &asks[line][i], SLOTS);
}

static void
takes(size_t line, size_t ask, unsigned share)
{
    assert_ptr_equal(auth_queue_take(&queue, share, SLOTS), &asks[line][ask]);
}

static void
hundreds_of_one_line_do_not_hold_up_another(void **state)
{
    (void)state;
    add(0, ASKS);
    takes(0, 0, NO_LIMIT);
    add(1, 1);
    add(2, 2);
    takes(0, 1, NO_LIMIT);
    takes(1, 0, NO_LIMIT);
    takes(2, 0, NO_LIMIT);
    takes(0, 2, NO_LIMIT);
    takes(2, 1, NO_LIMIT);
    for (size_t i = 3; i < ASKS; i++)
        takes(0, i, NO_LIMIT);
    assert_null(auth_queue_take(&queue, NO_LIMIT, SLOTS));
}

static void
leaving_and_coming_back_is_no_short_cut(void **state)
{
    (void)state;
    add(0, 1);
    add(1, 2);
    auth_queue_remove(&lines[0], &asks[0][0]);
    add(0, 1);
    takes(1, 0, NO_LIMIT);
    takes(0, 0, NO_LIMIT);
    takes(1, 1, NO_LIMIT);
}

static void
a_line_over_its_share_is_passed_over_and_then_is_next(void **state)
{
    (void)state;
    add(0, 2);
    add(1, 2);
    lines[0].in_flight = 2;
    takes(1, 0, 2);
    takes(1, 1, 2);
    assert_null(auth_queue_take(&queue, 2, SLOTS));
    add(2, 1);
    lines[0].in_flight = 1;
    takes(0, 0, 2);
    takes(2, 0, 2);
    takes(0, 1, 2);
    assert_null(auth_queue_take(&queue, 2, SLOTS));
}

static void
an_address_with_more_than_the_slots_takes_turns_with_all_others(void **state)
{
    struct shares *table = shares_new();
    struct address a;
    struct share *share;

    (void)state;
    assert_true(address_parse(STR_LIT("192.0.2.1"), &a));
    share = shares_of(table, &a);
    for (size_t i = 0; i < 2 * (SLOTS + 1); i++)
        shares_take(share, SHARES_QUESTIONS);
    lines[0].share = lines[1].share = share;
    add(0, SLOTS + 1);
    add(1, SLOTS + 1);
    add(2, 3);
    takes(2, 0, NO_LIMIT);
    takes(0, 0, NO_LIMIT);
    takes(2, 1, NO_LIMIT);
    takes(1, 0, NO_LIMIT);
    takes(2, 2, NO_LIMIT);
    takes(0, 1, NO_LIMIT);
    takes(1, 1, NO_LIMIT);
    takes(0, 2, NO_LIMIT);
    takes(1, 2, NO_LIMIT);
    assert_true(auth_queue_empty(&queue));
    for (size_t i = 0; i < 2 * (SLOTS + 1); i++)
        shares_give_back(share, SHARES_QUESTIONS);
    shares_free(table);
}

/* However many lines it has: those of others behind them are found. */
static void
the_last_slot_is_not_for_an_address_that_has_all_others(void **state)
{
    enum { CROWD = 300, FOUR = 4 };
    static struct auth_line crowd[CROWD];
    static struct list questions[CROWD];
    struct shares *table = shares_new();
    struct address a;
    struct share *share;
    unsigned looks = 0;
    struct list *taken = NULL;

    (void)state;
    assert_true(address_parse(STR_LIT("192.0.2.1"), &a));
    share = shares_of(table, &a);
    for (size_t i = 0; i < FOUR - 1; i++)
        shares_take(share, SHARES_REQUESTS);
    for (size_t i = 0; i < CROWD; i++) {
        auth_line_init(&crowd[i]);
        crowd[i].share = share;
        auth_queue_add(&queue, &crowd[i], &questions[i], FOUR);
    }
    assert_null(auth_queue_take(&queue, NO_LIMIT, FOUR));
    auth_queue_add(&queue, &lines[0], &asks[0][0], FOUR);
    while (!taken && looks++ < CROWD)
        taken = auth_queue_take(&queue, NO_LIMIT, FOUR);
    assert_ptr_equal(taken, &asks[0][0]);
    shares_give_back(share, SHARES_REQUESTS);
    assert_non_null(auth_queue_take(&queue, NO_LIMIT, FOUR));
    for (size_t i = 0; i < FOUR - 2; i++)
        shares_give_back(share, SHARES_REQUESTS);
    shares_free(table);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_last_slot_is_not_for_an_address_that_has_all_others, setup),
        cmocka_unit_test_setup(hundreds_of_one_line_do_not_hold_up_another, setup),
        cmocka_unit_test_setup(leaving_and_coming_back_is_no_short_cut, setup),
        cmocka_unit_test_setup(a_line_over_its_share_is_passed_over_and_then_is_next, setup),
        cmocka_unit_test_setup(
            an_address_with_more_than_the_slots_takes_turns_with_all_others, setup),
    };

    return cmocka_run_group_tests_name("channels/auth_queue", tests, NULL, NULL);
}
