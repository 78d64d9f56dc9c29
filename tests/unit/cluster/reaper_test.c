/* SPDX-License-Identifier: MIT */
/*
 * reaper: in which order a dead node is taken out, and what stays when Redis goes away meanwhile.
 */
#include "reaper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "fake_redis.h"
#include "net/loop.h"
#include "scripts.h"

static struct loop *loop;
static struct redis_link *commands;
static struct scripts *scripts;
static struct reaper *reaper;
static unsigned idle;
static const char *claimed;

static void
on_idle(void *owner)
{
    (void)owner;
    idle++;
}

static void
on_missing(void *owner)
{
    (void)owner;
}

static bool
claims(void *owner, struct str channel)
{
    (void)owner;
    return claimed && str_is(channel, claimed);
}

static int
begin(void **state)
{
    static const struct redis_link_handlers silent = { 0 };

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    idle = 0;
    claimed = NULL;
    loop = loop_new();
    commands = redis_link_open(loop, NULL, &silent, NULL);
    commands->ready = true;
    scripts = scripts_new(&(struct scripts_options){
        .link = commands,
        .prefix = STR_LIT("app_"),
        .on_missing = on_missing,
    });
    reaper = reaper_new(commands, scripts, on_idle, NULL);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    reaper_free(reaper);
    redis_link_close(commands);
    scripts_free(scripts);
    loop_stop(loop);
    loop_run(loop);
    loop_free(loop);
    return 0;
}

/* Redis gets this command next. */
static void
asks(const char *command)
{
    assert_true(commands->asked_count > 0);
    assert_string_equal(commands->asked[0].text, command);
}

static void
answer_channels(const char *one, const char *other)
{
    struct redis_value names[] = { { .kind = REDIS_STRING, .text = str_of(one) },
        { .kind = REDIS_STRING, .text = str_of(other) } };

    asks("SMEMBERS app_echo-server:node:gone");
    fake_redis_reply(
        commands, &(struct redis_value){ .kind = REDIS_ARRAY, .items = names, .count = 2 });
}

static const struct redis_value one = { .kind = REDIS_INTEGER, .integer = 1 };

#define REAP(channel)                                                                              \
    "{app_" channel ":members}:entries {app_" channel ":members}:version app_" channel             \
    ":members app_echo-server:presence:" channel " 0 gone/"

static void
channels_then_the_set_then_the_lease(void **state)
{
    (void)state;
    reaper_bury(reaper, STR_LIT("~gone"));
    answer_channels("presence-a", "presence-b");
    asks(REAP("presence-a"));
    fake_redis_reply(commands, &one);
    asks(REAP("presence-b"));
    assert_int_equal(commands->asked_count, 1); /* what was not reaped is not forgotten */
    fake_redis_reply(commands, &one);
    asks("SREM app_echo-server:node:gone presence-a presence-b");
    fake_redis_reply(commands, &one);
    asks("ZREM app_echo-server:nodes ~gone");
    assert_false(reaper_idle(reaper));
    fake_redis_reply(commands, &one);
    assert_true(reaper_idle(reaper));
    assert_int_equal(idle, 1);
}

static void
what_failed_stays_for_the_next_time(void **state)
{
    (void)state;
    reaper_bury(reaper, STR_LIT("gone"));
    answer_channels("presence-a", "presence-b");
    fake_redis_reply(commands, &one);
    fake_redis_reply(commands, NULL);
    assert_int_equal(commands->asked_count, 0);
    assert_int_equal(idle, 1);
    reaper_bury(reaper, STR_LIT("gone"));
    asks("SMEMBERS app_echo-server:node:gone");
}

static void
a_node_is_buried_once_at_a_time(void **state)
{
    (void)state;
    reaper_bury(reaper, STR_LIT("gone"));
    reaper_bury(reaper, STR_LIT("~gone"));
    assert_int_equal(commands->asked_count, 1);
}

static void
without_redis_it_is_idle_at_once(void **state)
{
    (void)state;
    commands->ready = false;
    reaper_bury(reaper, STR_LIT("gone"));
    assert_true(reaper_idle(reaper));
    assert_int_equal(idle, 1);
}

static void
what_this_node_claims_stays(void **state)
{
    (void)state;
    claimed = "presence-a";
    reaper_tidy(reaper, STR_LIT("gone"), claims, NULL);
    answer_channels("presence-a", "presence-b");
    asks(REAP("presence-b"));
    claimed = "presence-b"; /* a member came while it was reaped */
    fake_redis_reply(commands, &one);
    assert_int_equal(commands->asked_count, 0);
    assert_true(reaper_idle(reaper));
}

static void
a_living_node_keeps_its_lease(void **state)
{
    (void)state;
    reaper_tidy(reaper, STR_LIT("gone"), claims, NULL);
    answer_channels("presence-a", "presence-b");
    fake_redis_reply(commands, &one);
    fake_redis_reply(commands, &one);
    asks("SREM app_echo-server:node:gone presence-a presence-b");
    assert_int_equal(commands->asked_count, 1);
    fake_redis_reply(commands, &one);
    assert_true(reaper_idle(reaper));
}

int
main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        STAGED(channels_then_the_set_then_the_lease),
        STAGED(what_failed_stays_for_the_next_time),
        STAGED(a_node_is_buried_once_at_a_time),
        STAGED(without_redis_it_is_idle_at_once),
        STAGED(what_this_node_claims_stays),
        STAGED(a_living_node_keeps_its_lease),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
