/* SPDX-License-Identifier: MIT */
/*
 * Tests of redis_greeting: passwords and users.
 */
#include "scene.h"

static void
password_is_sent(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.password = "s3cret word";
    start_redis(&s, "--requirepass", "s3cret word");
    open_link(&s);
    await_ready(&s);
    tear_down(&s);
}

static void
user_and_password_are_sent(void **state)
{
    static const struct str add_user[] = { STR_LIT("ACL"), STR_LIT("SETUSER"), STR_LIT("echo"),
        STR_LIT("on"), STR_LIT(">s3cret"), STR_LIT("+@all") };
    struct scene s;
    struct redis_link *first;

    (void)state;
    set(&s);
    start_redis(&s, "--loglevel", "warning");
    first = open_publisher(&s);
    assert_true(redis_link_command(first, add_user, COUNT_OF(add_user), on_reply, &s));
    expect_reply(&s, "+OK");
    s.options.username = "echo";
    s.options.password = "s3cret";
    open_link(&s);
    await_ready(&s);
    assert_true(command(&s, "ACL", "WHOAMI", NULL));
    expect_reply(&s, "$echo");
    redis_link_close(first);
    tear_down(&s);
}

static void
wrong_password_is_a_reason(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.password = "topsecret";
    start_redis(&s, "--requirepass", "right");
    open_link(&s);
    TURN_UNTIL(s.l, s.downs && !strstr(s.reason, "refused"));
    expect_reason(&s, "wrong password for @: see databaseConfig.redis.password and the "
                      "username beside it");
    assert_int_equal(s.readies, 0);
    tear_down(&s);
}

static void
missing_password_is_a_reason(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    start_redis(&s, "--requirepass", "right");
    open_link(&s);
    TURN_UNTIL(s.l, s.downs && !strstr(s.reason, "refused"));
    expect_reason(&s, "NOAUTH: a password is required by @: set databaseConfig.redis.password");
    tear_down(&s);
}

static void
needless_password_is_no_obstacle(void **state)
{
    struct scene s;

    (void)state;
    set(&s);
    s.options.password = "needless";
    start_redis(&s, "--loglevel", "warning");
    open_link(&s);
    await_ready(&s);
    tear_down(&s);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(password_is_sent),
        TEST(user_and_password_are_sent),
        TEST(wrong_password_is_a_reason),
        TEST(missing_password_is_a_reason),
        TEST(needless_password_is_no_obstacle),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
