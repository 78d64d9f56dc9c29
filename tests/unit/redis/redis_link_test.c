/* SPDX-License-Identifier: MIT */
/*
 * Tests of redis_link: commands, subscriptions, coming back.
 */
#include "scene.h"

/* ---- commands ---- */

static void
replies_have_their_kinds(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    assert_false(redis_link_ready(s.r));
    assert_false(command(&s, "PING", NULL, NULL));
    await_ready(&s);
    assert_true(command(&s, "SET", "k", "v"));
    expect_reply(&s, "+OK");
    assert_true(command(&s, "GET", "k", NULL));
    expect_reply(&s, "$v");
    assert_true(command(&s, "GET", "none", NULL));
    expect_reply(&s, "nil");
    assert_true(command(&s, "STRLEN", "k", NULL));
    expect_reply(&s, ":1");
    assert_true(command(&s, "MGET", "k", "none"));
    expect_reply(&s, "[$vnil]");
    assert_true(command(&s, "EVAL", "return {1,{'a',{}},redis.status_reply('x')}", "0"));
    expect_reply(&s, "[:1[$a[]]+x]");
    assert_true(command(&s, "LPUSH", "k", "x"));
    expect_reply(&s, "-WRONGTYPE Operation against a key holding the wrong kind of value");
    assert_true(command(&s, "SET", "k", ""));
    expect_reply(&s, "+OK");
    assert_true(redis_link_command(s.r, &STR_LIT("PING"), 1, NULL, NULL));
    assert_true(command(&s, "GET", "k", NULL));
    expect_reply(&s, "$");
    tear_down(&s);
}

static void
database_is_selected(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.db = 3;
    start_redis(&s, "--databases", "4");
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "CLIENT", "INFO", NULL));
    TURN_UNTIL(s.l, s.replies);
    assert_true(str_contains(buffer_str(&s.reply), " db=3 "));
    tear_down(&s);
}

static void
database_that_is_not_there_is_a_reason(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.db = 9;
    start_redis(&s, "--databases", "4");
    open_link(&s);
    TURN_UNTIL(s.l, s.downs && !strstr(s.reason, "refused"));
    expect_reason(&s, "@ has no database of that number: see databaseConfig.redis.db");
    tear_down(&s);
}

/* ---- subscriptions ---- */

static void
publish_burst(struct scene *s, struct redis_link *publisher, unsigned count)
{
    char payload[16];

    for (unsigned i = 0; i < count; i++) {
        struct str argv[] = { STR_LIT("PUBLISH"), STR_LIT("test-a"), { payload, 0 } };

        argv[2].len = (size_t)snprintf(payload, sizeof(payload), "%u", i);
        assert_true(redis_link_command(publisher, argv, 3, on_reply, s));
    }
}

static void
open_subscribed(struct scene *s)
{
    s->subscribe = true;
    start_redis(s, "--loglevel", "warning");
    open_link(s);
    TURN_UNTIL(s->l, s->subscribed);
    s->downs = 0;
}

static void
messages_arrive_in_order(void **state)
{
    struct scene s;
    struct redis_link *publisher;
    struct buffer expected = { 0 };

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    publish_burst(&s, publisher, 500);
    TURN_UNTIL(s.l, s.messages == 500);
    for (unsigned i = 0; i < 500; i++)
        buffer_printf(&expected, "test-a=%u;", i);
    assert_true(str_equal(buffer_str(&s.heard), buffer_str(&expected)));
    buffer_fini(&expected);
    redis_link_close(publisher);
    tear_down(&s);
}

static void
paused_link_reads_nothing(void **state)
{
    struct scene s;
    struct redis_link *publisher;

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    redis_link_pause(s.r);
    publish_burst(&s, publisher, 10);
    TURN_UNTIL(s.l, s.replies == 10);
    for (int i = 0; i < 20; i++)
        turn(s.l);
    assert_int_equal(s.messages, 0);
    redis_link_resume(s.r);
    TURN_UNTIL(s.l, s.messages == 10);
    redis_link_close(publisher);
    tear_down(&s);
}

static void
paused_link_reconnects(void **state)
{
    struct scene s;
    struct redis_link *publisher;

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    redis_link_pause(s.r);
    redis_link_restart(s.r, "a test");
    assert_int_equal(s.downs, 0);
    TURN_UNTIL(s.l, s.readies == 2);
    publish_burst(&s, publisher, 3);
    TURN_UNTIL(s.l, s.replies == 3);
    for (int i = 0; i < 20; i++)
        turn(s.l);
    assert_int_equal(s.messages, 0);
    redis_link_resume(s.r);
    TURN_UNTIL(s.l, s.subscribed == 2);
    redis_link_close(publisher);
    tear_down(&s);
}

static void
link_may_be_closed_from_a_message(void **state)
{
    struct scene s;
    struct redis_link *publisher;

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    s.close_on_message = true;
    publish_burst(&s, publisher, 5);
    TURN_UNTIL(s.l, s.replies == 5 && s.messages);
    for (int i = 0; i < 20; i++)
        turn(s.l);
    assert_int_equal(s.messages, 1);
    assert_int_equal(s.downs, 0);
    s.r = NULL;
    redis_link_close(publisher);
    tear_down(&s);
}

static void
link_may_be_restarted_from_a_message(void **state)
{
    struct scene s;
    struct redis_link *publisher;

    (void)state;
    set(&s);
    open_subscribed(&s);
    publisher = open_publisher(&s);
    s.restart_on_message = true;
    publish_burst(&s, publisher, 5);
    TURN_UNTIL(s.l, s.messages);
    assert_int_equal(s.messages, 1);
    TURN_UNTIL(s.l, s.downs);
    assert_string_equal(s.reason, "it was enough");
    s.restart_on_message = false;
    TURN_UNTIL(s.l, s.subscribed == 2);
    publish_burst(&s, publisher, 1);
    TURN_UNTIL(s.l, s.messages == 2);
    redis_link_close(publisher);
    tear_down(&s);
}

static void
pattern_is_escaped(void **state)
{
    struct scene s = { 0 };
    struct redis_link *publisher;
    struct buffer pattern = { 0 };

    (void)state;
    redis_link_escape_pattern(STR_LIT("a*b?c[d]e\\f^g-h"), &pattern);
    assert_true(str_is(buffer_str(&pattern), "a\\*b\\?c\\[d\\]e\\\\f^g-h"));
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    redis_link_psubscribe(s.r, buffer_str(&pattern));
    TURN_UNTIL(s.l, s.subscribed);
    publisher = open_publisher(&s);
    assert_true(redis_link_command(publisher,
        (struct str[]){ STR_LIT("PUBLISH"), STR_LIT("a*b?c[d]e\\f^g-h"), STR_LIT("1") }, 3,
        on_reply, &s));
    expect_reply(&s, ":1");
    TURN_UNTIL(s.l, s.messages);
    buffer_fini(&pattern);
    redis_link_close(publisher);
    tear_down(&s);
}

/* ---- coming back ---- */

static void
link_comes_back_by_itself(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.subscribe = true;
    open_link(&s);
    TURN_UNTIL(s.l, s.downs);
    expect_reason(&s, "connection refused by @: is Redis running there? See "
                      "databaseConfig.redis.host and databaseConfig.redis.port");
    for (int i = 0; i < 500; i++)
        turn(s.l);
    assert_int_equal(s.downs, 1); /* the same again is no news */
    start_redis(&s, "--loglevel", "warning");
    TURN_UNTIL(s.l, s.subscribed == 1);
    stop_redis(&s);
    TURN_UNTIL(s.l, s.downs == 3);
    expect_reason(&s, "connection refused by @: is Redis running there? See "
                      "databaseConfig.redis.host and databaseConfig.redis.port");
    start_redis(&s, "--loglevel", "warning");
    TURN_UNTIL(s.l, s.subscribed == 2);
    assert_int_equal(s.downs, 3);
    tear_down(&s);
}

static void
commands_under_way_are_told(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "BLPOP", "nothing", "0"));
    assert_true(command(&s, "PING", NULL, NULL));
    turn(s.l);
    stop_redis(&s);
    TURN_UNTIL(s.l, s.downs);
    assert_int_equal(s.replies, 2);
    assert_int_equal(s.nulls, 2);
    expect_reason(&s, "@ closed the connection");
    tear_down(&s);
}

static void
restart_tells_commands_under_way(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "BLPOP", "nothing", "0"));
    redis_link_restart(s.r, "it is dead");
    assert_int_equal(s.nulls, 0);
    assert_false(redis_link_ready(s.r));
    assert_false(command(&s, "PING", NULL, NULL));
    TURN_UNTIL(s.l, s.readies == 2);
    assert_int_equal(s.nulls, 1);
    assert_int_equal(s.downs, 1);
    assert_string_equal(s.reason, "it is dead");
    tear_down(&s);
}

static void
closed_link_tells_nothing(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "PING", NULL, NULL));
    redis_link_close(s.r);
    s.r = NULL;
    for (int i = 0; i < 20; i++)
        turn(s.l);
    assert_int_equal(s.replies, 0);
    assert_int_equal(s.downs, 0);
    tear_down(&s);
}

/* A node's last words: Redis gets what was said in the turn of the close. */
static void
close_writes_what_was_said_before(void **state)
{
    struct scene s;
    struct redis_link *other;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    other = open_publisher(&s);
    assert_true(command(&s, "SET", "farewell", "said"));
    redis_link_close(s.r);
    s.r = NULL;
    do {
        assert_true(redis_link_command(
            other, (struct str[]){ STR_LIT("GET"), STR_LIT("farewell") }, 2, on_reply, &s));
        TURN_UNTIL(s.l, s.replies);
        s.replies = 0;
    } while (!str_is(buffer_str(&s.reply), "$said"));
    redis_link_close(other);
    tear_down(&s);
}

/* Redis listens on one of localhost's two addresses. */
static void
localhost_is_either_address(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.host = "localhost";
    start_redis(&s, "--bind", "::1");
    open_link(&s);
    await_ready(&s);
    tear_down(&s);
}

static void
name_that_does_not_exist_is_a_reason(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.host = "no-such-host.invalid";
    open_link(&s);
    TURN_UNTIL(s.l, s.downs);
    assert_non_null(strstr(s.reason, "no-such-host.invalid"));
    tear_down(&s);
}

static void
closed_while_it_looks_up_a_name(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.host = "no-such-host.invalid";
    open_link(&s);
    turn(s.l);
    redis_link_close(s.r);
    s.r = NULL;
    for (int i = 0; i < 100; i++)
        turn(s.l);
    assert_int_equal(s.downs, 0);
    tear_down(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(replies_have_their_kinds),
        TEST(database_is_selected),
        TEST(database_that_is_not_there_is_a_reason),
        TEST(messages_arrive_in_order),
        TEST(paused_link_reads_nothing),
        TEST(paused_link_reconnects),
        TEST(link_may_be_closed_from_a_message),
        TEST(link_may_be_restarted_from_a_message),
        TEST(pattern_is_escaped),
        TEST(link_comes_back_by_itself),
        TEST(commands_under_way_are_told),
        TEST(restart_tells_commands_under_way),
        TEST(closed_link_tells_nothing),
        TEST(close_writes_what_was_said_before),
        TEST(localhost_is_either_address),
        TEST(name_that_does_not_exist_is_a_reason),
        TEST(closed_while_it_looks_up_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
