/* SPDX-License-Identifier: MIT */
/*
 * replica: first and last of a user, order, and another truth put in place.
 */
#include "presence/replica.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/text.h"

static struct replica *replica;
static struct buffer story;

static void
on_user(void *owner, bool here, struct str member)
{
    (void)owner;
    buffer_printf(&story, "%s%.*s ", here ? "+" : "-", STR_ARG(member));
}

static int
setup(void **state)
{
    (void)state;
    replica = replica_new(on_user, NULL);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    replica_free(replica);
    buffer_fini(&story);
    return 0;
}

static struct replica_item
item(const char *conn, const char *user, const char *member, uint64_t seq)
{
    return (struct replica_item){
        .conn = str_of(conn), .user = str_of(user), .member = str_of(member), .seq = seq
    };
}

static void
enter(const char *conn, const char *user, const char *member, uint64_t seq)
{
    const struct replica_item i = item(conn, user, member, seq);

    replica_enter(replica, &i);
}

static void
see(const char *conn, const char *user, const char *member, uint64_t seq)
{
    const struct replica_item i = item(conn, user, member, seq);

    replica_see(replica, &i);
}

#define story_is(expected) assert_told(&story, expected)

static void
list_is(const char *expected)
{
    struct bytes *text = replica_list(replica, STR_LIT("c\"x"));

    if (!str_is(bytes_str(text), expected))
        fail_msg("%.*s, expected %s", STR_ARG(bytes_str(text)), expected);
    bytes_unref(text);
}

#define LIST(members) "42[\"presence:subscribed\",\"c\\\"x\",[" members "]]"

static void
entries_are_idempotent(void **state)
{
    (void)state;
    list_is(LIST(""));
    enter("a/1", "u", "{1}", 0);
    enter("a/1", "u", "{2}", 0);
    replica_leave(replica, STR_LIT("a/9"));
    story_is("+{1} ");
    list_is(LIST("{1}"));
    replica_leave(replica, STR_LIT("a/1"));
    replica_leave(replica, STR_LIT("a/1"));
    story_is("-{1} ");
    assert_int_equal(replica_users(replica), 0);
}

static void
the_newest_entry_of_a_user_stands_for_it(void **state)
{
    (void)state;
    enter("a/1", "u", "{1}", 5);
    enter("a/2", "v", "{2}", 6);
    enter("a/3", "u", "{3}", 7);
    list_is(LIST("{3},{2}"));
    replica_leave(replica, STR_LIT("a/3"));
    list_is(LIST("{2},{1}"));
    story_is("+{1} +{2} ");
}

static void
another_truth_makes_events_of_users_not_of_entries(void **state)
{
    (void)state;
    enter("a/1", "u", "{1}", 1);
    enter("a/2", "v", "{2}", 2);
    enter("a/3", "w", "{3}", 3);
    buffer_clear(&story);
    replica_begin(replica);
    see("b/1", "u", "{u of b}", 9);
    see("a/3", "w", "{3}", 8);
    see("b/2", "x", "{x}", 4);
    replica_end(replica, false);
    story_is("+{x} -{2} ");
    list_is(LIST("{u of b},{3},{x}"));
    assert_int_equal(replica_entries(replica), 3);
}

static void
what_is_missing_may_stay(void **state)
{
    (void)state;
    enter("a/1", "u", "{1}", 1);
    enter("b/1", "v", "{2}", 2);
    replica_begin(replica);
    replica_keep(replica, STR_LIT("a/1"));
    replica_keep(replica, STR_LIT("a/7"));
    replica_end(replica, true);
    list_is(LIST("{2},{1}"));
    replica_begin(replica);
    replica_keep(replica, STR_LIT("a/1"));
    replica_end(replica, false);
    list_is(LIST("{1}"));
    story_is("+{1} +{2} -{2} ");
}

static void
leaving_while_another_truth_comes_is_one_event(void **state)
{
    (void)state;
    enter("a/1", "u", "{1}", 1);
    buffer_clear(&story);
    replica_begin(replica);
    replica_leave(replica, STR_LIT("a/1"));
    story_is("");
    replica_end(replica, false);
    story_is("-{1} ");
    replica_begin(replica);
    see("a/2", "u", "{2}", 2);
    replica_leave(replica, STR_LIT("a/2"));
    replica_end(replica, false);
    story_is("");
}

static void
users_json_is_oldest_first(void **state)
{
    struct buffer out = { 0 };

    (void)state;
    enter("a/1", "7", "{\"user_id\":7,\"user_info\":{\"a\":[]},\"socketId\":\"x\"}", 0);
    enter("a/2", "8", "{\"user_id\":\"8\"}", 0);
    enter("a/3", "7", "{\"user_id\":\"7\",\"user_info\":1}", 0);
    replica_users_json(replica, &out);
    assert_true(str_is(buffer_str(&out), "[{\"id\":7,\"user_info\":{\"a\":[]}},{\"id\":\"8\"}]"));
    buffer_fini(&out);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(entries_are_idempotent),
        TEST(the_newest_entry_of_a_user_stands_for_it),
        TEST(another_truth_makes_events_of_users_not_of_entries),
        TEST(what_is_missing_may_stay),
        TEST(leaving_while_another_truth_comes_is_one_event),
        TEST(users_json_is_oldest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
