/* SPDX-License-Identifier: MIT */
/*
 * subscriber: the prefix, own names, and the proof that the subscription lives.
 */
#include "subscriber.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "fake_redis.h"
#include "net/loop.h"
#include "subscriptions.h"

static struct loop *loop;
static struct subscriber *subscriber;
static char seen[256];
static unsigned events;

static bool heard;

static bool
on_event(void *owner, struct str channel, struct str payload)
{
    (void)owner;
    (void)payload;
    events++;
    memcpy(seen, channel.data, channel.len);
    seen[channel.len] = '\0';
    return heard;
}

static char said[256];
static int subscribed;
static struct redis_link *commands;

static void
on_internal(void *owner, struct str name, struct str payload)
{
    (void)owner;
    (void)payload;
    memcpy(said, name.data, name.len);
    said[name.len] = '\0';
}

static void
on_subscribed(void *owner, const char *down)
{
    (void)owner;
    subscribed = down ? -1 : 1;
}

static int
setup(void **state)
{
    static const struct subscriber_handlers handlers = {
        on_internal,
        on_subscribed,
    };
    static const struct redis_link_handlers silent = { 0 };
    const struct cluster_place place = {
        .channels = subscribed_channels,
        .events = { .on_event = on_event },
    };
    const struct cluster_options o = {
        .events = true,
        .redis = { .host = "127.0.0.1", .port = 6379 },
        .key_prefix = "app_",
        .beat_ms = 20,
        .silence_ms = 60,
    };

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    events = 0;
    subscribed = 0;
    said[0] = '\0';
    loop = loop_new();
    heard = false;
    commands = redis_link_open(loop, &o.redis, &silent, NULL);
    subscriber = subscriber_open(loop, commands, &o, &place, &handlers, NULL);
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    redis_link_close(commands);
    subscriber_close(subscriber);
    loop_stop(loop);
    loop_run(loop);
    loop_free(loop);
    return 0;
}

static void
run_for(uint64_t ms)
{
    uint64_t end = clock_ms() + ms;

    while (clock_ms() < end) {
        loop_turn(loop);
        usleep(1000);
    }
}

/* Whatever is published to the alive channel comes back, as from a Redis that works. */
static void
run_with_echo(uint64_t ms)
{
    uint64_t end = clock_ms() + ms;
    unsigned answered = fake_commands->published;
    const struct redis_value one = { .kind = REDIS_INTEGER, .integer = 1 };

    while (clock_ms() < end) {
        loop_turn(loop);
        usleep(1000);
        if (fake_commands->published == answered)
            continue;
        answered = fake_commands->published;
        fake_commands->on_reply(fake_commands->reply_owner, &one);
        fake_redis_message(fake_commands->published_to, "1");
    }
}

static void
the_prefix_is_in_the_pattern_and_cut_off_names(void **state)
{
    (void)state;
    fake_redis_up();
    assert_string_equal(fake_subscriber->pattern, "app_*");
    fake_redis_message("app_news", "{}");
    assert_int_equal(events, 1);
    assert_string_equal(seen, "news");
}

/* The link that looks for other prefixes is the first that is opened, and the only one to close. */
static void
an_event_that_is_heard_ends_the_search_for_prefixes(void **state)
{
    (void)state;
    fake_redis_up();
    assert_int_equal(fake_open, 3);
    fake_redis_message("app_news", "{}");
    assert_int_equal(fake_open, 3);
    heard = true;
    fake_redis_message("app_news", "{}");
    assert_int_equal(fake_open, 2);
    fake_redis_message("app_news", "{}");
    assert_int_equal(events, 3);
}

static void
own_names_are_not_events(void **state)
{
    (void)state;
    fake_redis_up();
    fake_redis_message("app_echo-server:alive:other-node", "1");
    fake_redis_message("app_echo-server:anything", "{}");
    assert_int_equal(events, 0);
}

static void
a_heard_beat_keeps_the_connection(void **state)
{
    (void)state;
    fake_redis_up();
    fake_commands->ready = true;
    run_with_echo(300);
    assert_true(fake_commands->published > 3);
    assert_true(strncmp(fake_commands->published_to, "app_echo-server:alive:", 22) == 0);
    assert_int_equal(fake_subscriber->restarts, 0);
    assert_int_equal(fake_commands->restarts, 0);
    assert_int_equal(events, 0);
}

static void
a_silent_subscription_is_made_again(void **state)
{
    const struct redis_value one = { .kind = REDIS_INTEGER, .integer = 1 };
    uint64_t end = clock_ms() + 2000;

    (void)state;
    fake_redis_up();
    fake_commands->ready = true;
    while (fake_subscriber->restarts == 0 && clock_ms() < end) {
        run_for(5);
        if (fake_commands->on_reply)
            fake_commands->on_reply(fake_commands->reply_owner, &one);
        fake_commands->on_reply = NULL;
    }
    assert_int_equal(fake_subscriber->restarts, 1);
    assert_int_equal(fake_commands->restarts, 0);
}

static void
a_command_without_a_reply_restarts_its_link(void **state)
{
    uint64_t end = clock_ms() + 2000;

    (void)state;
    fake_commands->ready = true;
    while (fake_commands->restarts == 0 && clock_ms() < end)
        run_for(5);
    assert_int_equal(fake_commands->restarts, 1);
    assert_int_equal(fake_subscriber->restarts, 0);
}

static void
what_is_not_read_is_not_missed(void **state)
{
    const struct redis_value one = { .kind = REDIS_INTEGER, .integer = 1 };

    (void)state;
    fake_redis_up();
    fake_commands->ready = true;
    subscriber_pause(subscriber);
    assert_true(fake_subscriber->paused);
    for (int i = 0; i < 40; i++) {
        run_for(5);
        if (fake_commands->on_reply)
            fake_commands->on_reply(fake_commands->reply_owner, &one);
    }
    assert_int_equal(fake_subscriber->restarts, 0);
    subscriber_resume(subscriber);
    assert_false(fake_subscriber->paused);
}

static void
a_refused_publish_ends_the_check_only(void **state)
{
    const struct redis_value no = { .kind = REDIS_ERROR, .text = STR_LIT("NOPERM") };

    (void)state;
    fake_redis_up();
    fake_commands->ready = true;
    for (int i = 0; i < 40; i++) {
        run_for(5);
        if (fake_commands->on_reply)
            fake_commands->on_reply(fake_commands->reply_owner, &no);
    }
    assert_int_equal(fake_subscriber->restarts, 0);
    assert_int_equal(fake_commands->restarts, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_prefix_is_in_the_pattern_and_cut_off_names, setup, teardown),
        cmocka_unit_test_setup_teardown(
            an_event_that_is_heard_ends_the_search_for_prefixes, setup, teardown),
        cmocka_unit_test_setup_teardown(own_names_are_not_events, setup, teardown),
        cmocka_unit_test_setup_teardown(a_heard_beat_keeps_the_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(a_silent_subscription_is_made_again, setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_command_without_a_reply_restarts_its_link, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_read_is_not_missed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refused_publish_ends_the_check_only, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
