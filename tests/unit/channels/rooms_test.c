/* SPDX-License-Identifier: MIT */
/*
 * rooms: membership and fan-out; the hub and the sockets are fakes.
 */
#include "channels/rooms.h"

#include "base/budget.h"
#include "base/bytes.h"
#include "base/text.h"
#include "engine/eio_session.h"
#include "hub/hub_link.h"

enum { MANY = 200 };

struct eio_session {
    unsigned received;
};

static struct eio_session sessions[MANY];
static struct room_place places[MANY];
static int joined, left;
static struct rooms *rooms;
static struct budget budget;
static struct bytes *text;

void
hub_link_join(struct hub_link *k, struct bytes *name)
{
    (void)k;
    (void)name;
    joined++;
}

void
hub_link_leave(struct hub_link *k, struct bytes *name)
{
    (void)k;
    (void)name;
    left++;
}

size_t
eio_session_broadcast(struct eio_session *const *list, size_t count, struct bytes *message,
    const struct eio_session *except)
{
    size_t sent = 0;

    assert_ptr_equal(message, text);
    for (size_t i = 0; i < count; i++) {
        if (list[i] == except)
            continue;
        list[i]->received++;
        sent++;
    }
    return sent;
}

static int
setup(void **state)
{
    (void)state;
    memset(sessions, 0, sizeof(sessions));
    memset(places, 0, sizeof(places));
    joined = left = 0;
    rooms = rooms_new(NULL, &budget);
    text = bytes_new("42[]", 4);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    for (int i = 0; i < MANY; i++)
        rooms_leave(rooms, &places[i]);
    assert_int_equal(joined, left);
    rooms_free(rooms);
    assert_int_equal(budget_used(&budget), 0);
    bytes_unref(text);
    return 0;
}

static void
join_news(int i)
{
    rooms_join(rooms, STR_LIT("news"), &sessions[i], &places[i]);
}

static void
a_broadcast_reaches_members_but_the_excluded(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        join_news(i);
    rooms_join(rooms, STR_LIT("other"), &sessions[3], &places[3]);
    assert_int_equal(rooms_broadcast(rooms, STR_LIT("news"), text, &sessions[1]), 2);
    assert_int_equal(sessions[0].received, 1);
    assert_int_equal(sessions[1].received, 0);
    assert_int_equal(sessions[2].received, 1);
    assert_int_equal(sessions[3].received, 0);
}

static void
a_room_nobody_is_in_costs_nothing(void **state)
{
    (void)state;
    assert_int_equal(rooms_broadcast(rooms, STR_LIT("news"), text, NULL), 0);
}

static void
a_room_counts_with_its_name_and_members(void **state)
{
    char name[200];
    size_t small;

    (void)state;
    join_news(0);
    small = budget_used(&budget);
    memset(name, 'x', sizeof(name));
    rooms_join(rooms, str_slice(name, sizeof(name)), &sessions[1], &places[1]);
    assert_int_equal(budget_used(&budget), 2 * small + sizeof(name) - strlen("news"));
    for (int i = 2; i < MANY; i++)
        join_news(i);
    assert_true(budget_used(&budget) >= 2 * small + MANY * 2 * sizeof(void *));
}

static void
leaving_is_idempotent_and_told_once(void **state)
{
    (void)state;
    join_news(0);
    rooms_leave(rooms, &places[0]);
    rooms_leave(rooms, &places[0]);
    assert_int_equal(joined, 1);
    assert_int_equal(left, 1);
    assert_null(places[0].room);
    assert_int_equal(rooms_broadcast(rooms, STR_LIT("news"), text, NULL), 0);
}

static void
members_keep_their_place_while_others_leave(void **state)
{
    unsigned expected = MANY;
    uint64_t seed = text_seed();

    (void)state;
    for (int i = 0; i < MANY; i++)
        join_news(i);
    while (expected > 0) {
        int i = (int)(text_random(&seed) % MANY);

        if (!places[i].room)
            continue;
        rooms_leave(rooms, &places[i]);
        expected--;
        assert_int_equal(rooms_broadcast(rooms, STR_LIT("news"), text, NULL), expected);
        for (int k = 0; k < MANY; k++) {
            assert_int_equal(sessions[k].received, places[k].room ? 1 : 0);
            sessions[k].received = 0;
        }
    }
}

static void
a_room_can_be_entered_again_after_its_end(void **state)
{
    (void)state;
    for (int round = 0; round < 3; round++) {
        join_news(0);
        assert_int_equal(rooms_broadcast(rooms, STR_LIT("news"), text, NULL), 1);
        rooms_leave(rooms, &places[0]);
    }
    assert_int_equal(joined, 3);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_broadcast_reaches_members_but_the_excluded),
        TEST(a_room_nobody_is_in_costs_nothing),
        TEST(a_room_counts_with_its_name_and_members),
        TEST(leaving_is_idempotent_and_told_once),
        TEST(members_keep_their_place_while_others_leave),
        TEST(a_room_can_be_entered_again_after_its_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
