/* SPDX-License-Identifier: MIT */
/*
 * presence with the memory store: a listener's list, kept by the events it gets, equals the truth.
 */
#include "presence/presence.h"

#include <stdio.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "net/loop.h"
#include "presence/replica.h"

enum { USERS = 6, SOCKETS = 16 };

static struct loop *loop;
static struct presence *presence;
static bool full;
static int holds;
static struct buffer story; /* a line for each event and list */
static bool here[USERS];    /* by the events */
static bool wrong;          /* joining twice, or leaving without being here */

static void
on_event(void *owner, struct str channel, struct bytes *text)
{
    struct str s = bytes_str(text);
    bool joining = str_contains(s, "presence:joining");
    const char *id;
    int user;

    (void)owner;
    (void)channel;
    buffer_append_str(&story, s);
    buffer_append_char(&story, '\n');
    id = memmem(s.data, s.len, "\"user_id\":", 10);
    user = id ? id[10] - '0' : -1;
    if (user < 0 || user >= USERS)
        return;
    wrong |= here[user] == joining;
    here[user] = joining;
}

static void
on_list(void *owner, unsigned worker, uint32_t token, struct bytes *text)
{
    (void)owner;
    buffer_printf(&story, "%u.%u %.*s\n", worker, token, STR_ARG(bytes_str(text)));
}

static void
on_listening(void *owner, struct bytes *channel, unsigned worker, bool on)
{
    (void)owner;
    (void)channel;
    (void)worker;
    holds += on ? 1 : -1;
}

static bool
is_full(void *owner)
{
    (void)owner;
    return full;
}

static void
open_with(uint64_t grace_ms)
{
    static const struct presence_handlers handlers = { on_event, on_list, on_listening, is_full };
    const struct presence_options o = {
        .node = STR_LIT("n1"),
        .grace_ms = grace_ms,
    };

    log_set_level(LOG_LEVEL_ERROR);
    loop = loop_new();
    presence = presence_new(loop, &o, &handlers, NULL);
    full = wrong = false;
    holds = 0;
    memset(here, 0, sizeof(here));
    buffer_clear(&story);
}

static int
setup(void **state)
{
    (void)state;
    open_with(0);
    return 0;
}

static int
setup_grace(void **state)
{
    (void)state;
    open_with(60);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    presence_free(presence);
    loop_stop(loop);
    loop_run(loop);
    loop_free(loop);
    buffer_fini(&story);
    return 0;
}

static void
enter(int socket, int user)
{
    char id[16], key[16], data[128];

    snprintf(id, sizeof(id), "s%d", socket);
    snprintf(key, sizeof(key), "%d", user);
    snprintf(
        data, sizeof(data), "{\"user_id\":%d,\"user_info\":{},\"socketId\":\"s%d\"}", user, socket);
    presence_enter(presence, 0, (uint32_t)socket,
        &(struct presence_member){ STR_LIT("presence-x"), str_of(id), str_of(key), str_of(data) });
}

static void
depart(int socket)
{
    char id[16];

    snprintf(id, sizeof(id), "s%d", socket);
    presence_depart(presence, STR_LIT("presence-x"), str_of(id));
}

static void
run_for(uint64_t ms)
{
    uint64_t end = clock_ms() + ms;

    do {
        loop_turn(loop);
        usleep(500);
    } while (clock_ms() < end);
}

static void
story_is(const char *expected)
{
    if (!str_is(buffer_str(&story), expected))
        fail_msg("story:\n%.*s\nexpected:\n%s", STR_ARG(buffer_str(&story)), expected);
    buffer_clear(&story);
}

#define M(user, socket) "{\"user_id\":" #user ",\"user_info\":{},\"socketId\":\"s" #socket "\"}"
#define JOINING(user, socket) "42[\"presence:joining\",\"presence-x\"," M(user, socket) "]\n"
#define LEAVING(user)                                                                              \
    "42[\"presence:leaving\",\"presence-x\",{\"user_id\":" #user ",\"user_info\":{}}]\n"
#define LIST(socket, members)                                                                      \
    "0." #socket " 42[\"presence:subscribed\",\"presence-x\",[" members "]]\n"

static void
a_user_joins_once_and_leaves_once_over_tabs(void **state)
{
    (void)state;
    enter(1, 4);
    story_is(JOINING(4, 1) LIST(1, M(4, 1)));
    enter(2, 4);
    story_is(LIST(2, M(4, 2)));
    enter(3, 5);
    story_is(JOINING(5, 3) LIST(3, M(5, 3) "," M(4, 2)));
    depart(2);
    depart(2);
    story_is("");
    depart(1);
    story_is(LEAVING(4));
    depart(3);
    story_is(LEAVING(5));
    assert_int_equal(holds, 0);
}

static void
the_list_again_for_a_second_subscribe(void **state)
{
    (void)state;
    presence_list(presence, 0, 9, STR_LIT("presence-x"));
    story_is(LIST(9, ""));
    enter(1, 4);
    buffer_clear(&story);
    presence_list(presence, 0, 9, STR_LIT("presence-x"));
    story_is(LIST(9, M(4, 1)));
}

static void
the_same_socket_again_is_one_member_without_an_event(void **state)
{
    (void)state;
    enter(1, 4);
    buffer_clear(&story);
    enter(1, 4);
    story_is(LIST(1, M(4, 1)));
    assert_int_equal(holds, 1);
    depart(1);
    story_is(LEAVING(4));
    assert_int_equal(holds, 0);
}

static void
lists_wait_for_workers_and_are_of_their_moment(void **state)
{
    (void)state;
    full = true;
    enter(1, 4);
    enter(2, 5);
    enter(3, 3);
    depart(3);
    story_is(JOINING(4, 1) JOINING(5, 2) JOINING(3, 3) LEAVING(3));
    full = false;
    presence_resume(presence);
    story_is(LIST(1, M(5, 2) "," M(4, 1)) LIST(2, M(5, 2) "," M(4, 1)));
    assert_int_equal(holds, 2);
}

static void
a_user_back_within_the_grace_never_left(void **state)
{
    (void)state;
    enter(1, 4);
    depart(1);
    run_for(20);
    enter(2, 4);
    run_for(100);
    story_is(JOINING(4, 1) LIST(1, M(4, 1)) LIST(2, M(4, 2)));
    depart(2);
    story_is("");
    run_for(100);
    story_is(LEAVING(4));
}

/* What browsers read of a member that comes and goes, besides the list. */
static void
announced_as(const char *member, const char *leaving)
{
    const struct presence_member m = { STR_LIT("presence-\"x"), STR_LIT("s1"), STR_LIT("7"),
        str_of(member) };
    struct buffer expected = { 0 };

    presence_enter(presence, 0, 1, &m);
    presence_depart(presence, m.channel, m.id);
    buffer_printf(&expected, "42[\"presence:joining\",\"presence-\\\"x\",%s]\n", member);
    buffer_printf(&expected, "0.1 42[\"presence:subscribed\",\"presence-\\\"x\",[%s]]\n", member);
    buffer_printf(&expected, "42[\"presence:leaving\",\"presence-\\\"x\",%s]\n", leaving);
    buffer_append_char(&expected, '\0');
    story_is(expected.data);
    buffer_fini(&expected);
}

static void
members_stay_as_they_are_but_leave_without_their_socket_id(void **state)
{
    (void)state;
    announced_as("{\"user_id\":1.0,\"user_info\":{},\"socketId\":\"x\"}",
        "{\"user_id\":1.0,\"user_info\":{}}");
    announced_as("{ \"socketId\" : \"x\" }", "{}");
    announced_as("{\"socket\\u0049d\":1,\"user_id\":\"a\\/b\",\"x\":[]}",
        "{\"user_id\":\"a\\/b\",\"x\":[]}");
    announced_as("{}", "{}");
    announced_as("{\"n\":1e400}", "{\"n\":1e400}");
}

static void
nothing_is_announced_once_retired(void **state)
{
    (void)state;
    enter(1, 4);
    enter(2, 5);
    buffer_clear(&story);
    presence_retire(presence);
    depart(1);
    enter(3, 3);
    depart(2);
    story_is("");
    assert_int_equal(holds, 0);
}

static void
on_read(void *owner, struct replica *r)
{
    struct buffer out = { 0 };

    replica_users_json(r, &out);
    buffer_printf(
        &story, "%s %zu %.*s\n", (char *)owner, replica_users(r), STR_ARG(buffer_str(&out)));
    buffer_fini(&out);
}

static void
users_are_oldest_first_and_once_each(void **state)
{
    (void)state;
    enter(1, 4);
    enter(2, 5);
    enter(3, 4);
    buffer_clear(&story);
    presence_read(presence, STR_LIT("presence-x"), on_read, "x");
    presence_read(presence, STR_LIT("presence-y"), on_read, "y");
    story_is("x 2 [{\"id\":4,\"user_info\":{}},{\"id\":5,\"user_info\":{}}]\ny 0 []\n");
}

/* Sixteen sockets of six users, against counts. */
static void
random_comings_and_goings_keep_lists_true(void **state)
{
    int user_of[SOCKETS], count[USERS] = { 0 };
    uint64_t seed = text_seed();

    (void)state;
    for (int i = 0; i < SOCKETS; i++)
        user_of[i] = -1;
    for (int step = 0; step < 20000; step++) {
        int s = (int)(text_random(&seed) % SOCKETS), user = (int)(text_random(&seed) % USERS);

        if (user_of[s] >= 0) {
            count[user_of[s]]--;
            depart(s);
            user_of[s] = -1;
        } else {
            enter(s, user);
            user_of[s] = user;
            count[user]++;
        }
        for (int u = 0; u < USERS; u++)
            assert_int_equal(here[u], count[u] > 0);
        assert_false(wrong);
        if (step % 64 == 0)
            loop_turn(loop);
        buffer_clear(&story);
    }
}

static void
the_same_with_a_grace_ends_true(void **state)
{
    int user_of[SOCKETS], count[USERS] = { 0 };
    uint64_t seed = text_seed();

    (void)state;
    for (int i = 0; i < SOCKETS; i++)
        user_of[i] = -1;
    for (int step = 0; step < 3000; step++) {
        int s = (int)(text_random(&seed) % SOCKETS), user = (int)(text_random(&seed) % USERS);

        if (user_of[s] >= 0) {
            count[user_of[s]]--;
            depart(s);
            user_of[s] = -1;
        } else {
            enter(s, user);
            user_of[s] = user;
            count[user]++;
        }
        for (int u = 0; u < USERS; u++)
            assert_true(here[u] || count[u] == 0);
        assert_false(wrong);
        if (step % 100 == 0)
            run_for(5);
        buffer_clear(&story);
    }
    run_for(150);
    for (int u = 0; u < USERS; u++)
        assert_int_equal(here[u], count[u] > 0);
    assert_false(wrong);
}

static void
five_thousand_members(void **state)
{
    (void)state;
    for (int i = 0; i < 5000; i++) {
        enter(i, 10 + i);
        buffer_clear(&story);
    }
    assert_int_equal(holds, 5000);
    for (int i = 0; i < 5000; i++)
        depart(i);
    assert_int_equal(holds, 0);
}

int
main(void)
{
#define TEST(name, open) cmocka_unit_test_setup_teardown(name, open, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_user_joins_once_and_leaves_once_over_tabs, setup),
        TEST(the_list_again_for_a_second_subscribe, setup),
        TEST(the_same_socket_again_is_one_member_without_an_event, setup),
        TEST(lists_wait_for_workers_and_are_of_their_moment, setup),
        TEST(a_user_back_within_the_grace_never_left, setup_grace),
        TEST(members_stay_as_they_are_but_leave_without_their_socket_id, setup),
        TEST(nothing_is_announced_once_retired, setup),
        TEST(users_are_oldest_first_and_once_each, setup),
        TEST(random_comings_and_goings_keep_lists_true, setup),
        TEST(the_same_with_a_grace_ends_true, setup_grace),
        TEST(five_thousand_members, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
