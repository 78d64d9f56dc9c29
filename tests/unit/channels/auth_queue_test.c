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

enum { LINES = 3, ASKS = 500, NO_LIMIT = 1000 };

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
        auth_queue_add(&queue, &lines[line], &asks[line][i]);
}

static void
takes(size_t line, size_t ask, unsigned share)
{
    assert_ptr_equal(auth_queue_take(&queue, share), &asks[line][ask]);
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
    assert_null(auth_queue_take(&queue, NO_LIMIT));
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
    assert_null(auth_queue_take(&queue, 2));
    add(2, 1);
    lines[0].in_flight = 1;
    takes(0, 0, 2);
    takes(2, 0, 2);
    takes(0, 1, 2);
    assert_null(auth_queue_take(&queue, 2));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(hundreds_of_one_line_do_not_hold_up_another, setup),
        cmocka_unit_test_setup(leaving_and_coming_back_is_no_short_cut, setup),
        cmocka_unit_test_setup(a_line_over_its_share_is_passed_over_and_then_is_next, setup),
    };

    return cmocka_run_group_tests_name("channels/auth_queue", tests, NULL, NULL);
}
