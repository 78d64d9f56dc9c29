/* SPDX-License-Identifier: MIT */
/*
 * strange_prefix: what is reported, what is not, and which names the link listens to.
 */
#include "strange_prefix.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "fake_redis.h"
#include "net/loop.h"
#include "subscriptions.h"

#define EVENT "{\"event\":\"E\",\"data\":1,\"socket\":null}"

enum { TICK_MS = 5 };

static struct loop *loop;
static struct strange_prefix *strange;
static int stderr_before, log_end;
static char lines[8192]; /* of the log, since the last call of told() */

static void
open_with(const char *prefix)
{
    const struct redis_options redis = { .host = "127.0.0.1", .port = 6379 };

    strange = strange_prefix_open(
        loop, &(struct strange_prefix_options){ &redis, prefix, TICK_MS }, &subscribed_channels);
    strange_prefix_watch(strange, true);
}

static int
setup(void **state)
{
    int ends[2];

    (void)state;
    stderr_before = dup(STDERR_FILENO);
    if (pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0 || close(ends[1]) ||
        fcntl(ends[0], F_SETFL, O_NONBLOCK))
        return -1;
    log_end = ends[0];
    loop = loop_new();
    subscription_count = 0;
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    strange_prefix_close(strange);
    strange = NULL;
    loop_stop(loop);
    loop_run(loop);
    loop_free(loop);
    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    return close(log_end);
}

/* The number of lines that the log got since the last call; they are in `lines`. */
static unsigned
told(void)
{
    ssize_t len = read(log_end, lines, sizeof(lines) - 1);
    unsigned count = 0;

    lines[len > 0 ? len : 0] = '\0';
    for (const char *at = lines; (at = strchr(at, '\n')); at++)
        count++;
    return count;
}

static bool
told_of(const char *seen)
{
    char pair[256];

    snprintf(pair, sizeof(pair), " seen=%s ", seen);
    return told() == 1 && strstr(lines, pair);
}

static void
published(const char *name, const char *payload)
{
    strange_prefix_look(strange, str_of(name), str_of(payload));
}

/* Until the link was asked for n patterns in all. */
static void
run_until_patterns(unsigned n)
{
    uint64_t end = clock_ms() + 10000;

    while (fake_subscriber->patterns < n && clock_ms() < end) {
        loop_turn(loop);
        usleep(1000);
    }
    assert_int_equal(fake_subscriber->patterns, n);
}

static void
run_ticks(unsigned n)
{
    uint64_t end = clock_ms() + n * TICK_MS * 3;

    while (clock_ms() < end) {
        loop_turn(loop);
        usleep(1000);
    }
}

static void
link_down(const char *reason)
{
    fake_subscriber->ready = false;
    fake_subscriber->handlers->on_down(fake_subscriber->owner, reason);
}

static void
a_prefix_is_reported_once_with_the_one_that_is_set(void **state)
{
    (void)state;
    open_with("");
    subscribe("news");
    published("laravel_database_news", EVENT);
    assert_true(told_of("laravel_database_"));
    assert_non_null(strstr(lines, " warning "));
    assert_non_null(strstr(lines, "channel=news published=laravel_database_news"));
    assert_non_null(strstr(lines, "set=\"\"\n"));
    published("laravel_database_news", EVENT);
    assert_int_equal(told(), 0);
    published("shop_news", EVENT);
    assert_true(told_of("shop_"));
}

static void
the_longest_channel_counts(void **state)
{
    (void)state;
    open_with("");
    subscribe("news");
    subscribe("private-news");
    published("app-private-news", EVENT);
    assert_true(told_of("app-"));
}

static void
what_is_not_a_prefix_is_not_reported(void **state)
{
    static const char *const names[] = {
        "laravel_database_weather",
        "news",
        "news_",
        "app_private-news",
        "app_presence-news",
        "app_breaking.news",
        "app_echo-server:presence:news",
        "__keyspace@0__:news",
    };

    (void)state;
    open_with("");
    subscribe("news");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        published(names[i], EVENT);
    published("app_news", "[1]");
    published("app_news", "{\"data\":1}");
    published("app_news", "rubbish");
    assert_int_equal(told(), 0);
}

static void
under_our_prefix_other_channels_are_not_prefixes(void **state)
{
    (void)state;
    open_with("shop_");
    subscribe("room");
    published("shop_chat-room", EVENT);
    published("shop_bathroom", EVENT);
    published("shop_room", EVENT);
    assert_int_equal(told(), 0);
    published("shop_database_room", EVENT);
    assert_true(told_of("shop_database_"));
}

static void
memory_and_log_are_bounded(void **state)
{
    char name[700];

    (void)state;
    open_with("");
    subscribe("news");
    memset(name, 'x', sizeof(name));
    memcpy(name + 200, "news", 5);
    published(name, EVENT);
    assert_int_equal(told(), 0);
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "app%d_news", i);
        published(name, EVENT);
    }
    assert_int_equal(told(), 8);
}

static void
the_link_listens_to_names_behind_any_prefix(void **state)
{
    (void)state;
    open_with("shop_");
    fake_subscriber->ready = true;
    run_ticks(3);
    assert_int_equal(fake_subscriber->patterns, 0);
    subscribe("news");
    run_until_patterns(1);
    assert_string_equal(fake_subscriber->pattern, "*news");
    fake_redis_message("news", EVENT);
    assert_true(told_of("\"\""));
    fake_redis_message("shop_news", EVENT);
    assert_int_equal(told(), 0);
    run_ticks(3);
    assert_int_equal(fake_subscriber->patterns, 1);
    subscribe("orders");
    run_until_patterns(2);
    assert_string_equal(fake_subscriber->pattern, "*orders");
}

/* Such a name would show what others publish, or make Redis work: it is not one of the eight. */
static void
names_that_fit_too_much_are_not_listened_to(void **state)
{
    static const char *const names[] = { "a", ".1", "abc", "12345", "10.12", "new*s", "news?",
        "n[ew]s", "[^a]", "\\\\\\\\", "new s", "new\ns" };
    char long_name[200];

    (void)state;
    open_with("shop_");
    fake_subscriber->ready = true;
    memset(long_name, 'a', sizeof(long_name));
    long_name[101] = '\0';
    subscribe(long_name);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        subscribe(names[i]);
    run_ticks(5);
    assert_int_equal(fake_subscriber->patterns, 0);
    subscribe("orders.10");
    run_until_patterns(1);
    assert_string_equal(fake_subscriber->pattern, "*orders.10");
}

static void
nothing_is_listened_to_while_the_subscription_is_down(void **state)
{
    (void)state;
    open_with("shop_");
    fake_subscriber->ready = true;
    strange_prefix_watch(strange, false);
    subscribe("news");
    run_ticks(3);
    assert_int_equal(fake_subscriber->patterns, 0);
    strange_prefix_watch(strange, true);
    run_until_patterns(1);
}

static void
without_a_prefix_there_is_no_link(void **state)
{
    (void)state;
    open_with("");
    assert_int_equal(fake_open, 0);
}

/* More channels than names: each turn has others, on a new connection. */
static void
names_change_with_the_turn(void **state)
{
    char name[16];
    uint64_t end = clock_ms() + 20000;

    (void)state;
    open_with("shop_");
    fake_subscriber->ready = true;
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "news.%d", i);
        subscribe(name);
    }
    run_until_patterns(8);
    fake_subscriber->handlers->on_subscribed(fake_subscriber->owner);
    while (fake_subscriber->restarts == 0 && clock_ms() < end) {
        loop_turn(loop);
        usleep(1000);
    }
    assert_int_equal(fake_subscriber->restarts, 1);
    link_down("listening to other names now");
    fake_subscriber->ready = true;
    run_until_patterns(16);
}

static void
a_flood_ends_the_turn(void **state)
{
    (void)state;
    open_with("shop_");
    fake_subscriber->ready = true;
    subscribe("news");
    run_until_patterns(1);
    fake_subscriber->handlers->on_subscribed(fake_subscriber->owner);
    for (int i = 0; i < 1000; i++)
        fake_redis_message("staging_news", EVENT);
    assert_true(told_of("staging_"));
    assert_int_equal(fake_subscriber->restarts, 1);
    link_down("too much is published");
    fake_subscriber->ready = true;
    run_ticks(5);
    assert_int_equal(fake_subscriber->patterns, 1);
}

static void
repeated_refusals_end_the_search(void **state)
{
    (void)state;
    open_with("shop_");
    fake_subscriber->ready = true;
    subscribe("news");
    run_until_patterns(1);
    link_down("NOPERM");
    assert_int_equal(fake_open, 1);
    fake_subscriber->ready = true;
    run_until_patterns(2);
    link_down("NOPERM");
    assert_int_equal(fake_open, 0);
}

static void
refusals_with_a_success_between_do_not(void **state)
{
    (void)state;
    open_with("shop_");
    subscribe("news");
    for (unsigned i = 1; i <= 5; i += 2) {
        fake_subscriber->ready = true;
        run_until_patterns(i);
        link_down("connection reset");
        fake_subscriber->ready = true;
        run_until_patterns(i + 1);
        fake_subscriber->handlers->on_subscribed(fake_subscriber->owner);
        link_down("connection reset");
    }
    assert_int_equal(fake_open, 1);
}

static void
a_lost_connection_does_not(void **state)
{
    (void)state;
    open_with("shop_");
    fake_subscriber->ready = true;
    subscribe("news");
    run_until_patterns(1);
    fake_subscriber->handlers->on_subscribed(fake_subscriber->owner);
    link_down("connection reset");
    assert_int_equal(fake_open, 1);
    fake_subscriber->ready = true;
    run_until_patterns(2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_prefix_is_reported_once_with_the_one_that_is_set),
        CASE(the_longest_channel_counts),
        CASE(what_is_not_a_prefix_is_not_reported),
        CASE(under_our_prefix_other_channels_are_not_prefixes),
        CASE(memory_and_log_are_bounded),
        CASE(the_link_listens_to_names_behind_any_prefix),
        CASE(names_that_fit_too_much_are_not_listened_to),
        CASE(nothing_is_listened_to_while_the_subscription_is_down),
        CASE(without_a_prefix_there_is_no_link),
        CASE(names_change_with_the_turn),
        CASE(a_flood_ends_the_turn),
        CASE(repeated_refusals_end_the_search),
        CASE(refusals_with_a_success_between_do_not),
        CASE(a_lost_connection_does_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
