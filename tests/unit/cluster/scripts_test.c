/* SPDX-License-Identifier: MIT */
/*
 * scripts: the keys and arguments of each call, and scripts that are missing; Redis is a fake.
 */
#include "scripts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "fake_redis.h"
#include "presence/replica.h"

static struct redis_link *commands;
static struct scripts *scripts;
static unsigned missing;

static void
on_missing(void *owner)
{
    (void)owner;
    missing++;
}

static void
open_with(bool for_applications)
{
    static const struct redis_link_handlers silent = { 0 };

    missing = 0;
    commands = redis_link_open(NULL, NULL, &silent, NULL);
    commands->ready = true;
    scripts = scripts_new(&(struct scripts_options){
        .link = commands,
        .prefix = STR_LIT("p_"),
        .members_key = for_applications,
        .publish_members = for_applications,
        .on_missing = on_missing,
    });
}

static int
begin(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    open_with(false);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    redis_link_close(commands);
    scripts_free(scripts);
    return 0;
}

/* The call that was made last. */
static void
asked(const char *text)
{
    assert_true(commands->asked_count > 0);
    assert_string_equal(commands->asked[commands->asked_count - 1].text, text);
}

static void
keys_of_a_channel_share_a_slot(void **state)
{
    const struct scripts_reply nowhere = { 0 };

    (void)state;
    assert_true(scripts_list(scripts, STR_LIT("presence-a"), nowhere));
    asked("{p_presence-a:members}:entries {p_presence-a:members}:version");
    assert_true(scripts_list(scripts, STR_LIT("presence-{a}b"), nowhere));
    asked("p_presence-{a}b:members:entries p_presence-{a}b:members:version");
    assert_true(scripts_list(scripts, STR_LIT("presence-{}b"), nowhere));
    asked("{p_presence-{}b:members}:entries {p_presence-{}b:members}:version");
}

static void
changes_name_their_channel_and_connection(void **state)
{
    const struct replica_item item = {
        .conn = STR_LIT("n/1"), .user = STR_LIT("7"), .member = STR_LIT("{}")
    };

    (void)state;
    assert_true(scripts_enter(scripts, STR_LIT("c"), &item));
    asked("{p_c:members}:entries {p_c:members}:version p_echo-server:presence:c n/1 7 {}");
    assert_true(scripts_leave(scripts, STR_LIT("c"), STR_LIT("n/1")));
    asked("{p_c:members}:entries {p_c:members}:version p_c:members p_echo-server:presence:c 0 n/1");
}

static void
applications_get_members_only_if_wanted(void **state)
{
    (void)state;
    scripts_write_members(scripts, STR_LIT("c"));
    scripts_publish_members(scripts, STR_LIT("c"));
    assert_int_equal(commands->asked_count, 0);
    end(NULL);
    open_with(true);
    scripts_write_members(scripts, STR_LIT("c"));
    asked("{p_c:members}:entries p_c:members 1  \"c:members\"");
    scripts_publish_members(scripts, STR_LIT("c"));
    asked("{p_c:members}:entries p_c:members 0 PresenceChannelUpdated \"c:members\"");
}

static void
what_redis_forgot_is_loaded_once(void **state)
{
    const struct redis_value lost = { .kind = REDIS_ERROR, .text = STR_LIT("NOSCRIPT none") };
    const struct redis_value ok = { .kind = REDIS_STATUS, .text = STR_LIT("OK") };
    size_t loads;

    (void)state;
    assert_false(scripts_check(scripts, &lost));
    loads = commands->asked_count;
    assert_true(loads > 0);
    assert_false(scripts_check(scripts, &lost));
    assert_int_equal(commands->asked_count, loads);
    assert_int_equal(missing, 1);
    fake_redis_reply(commands, &ok);
    assert_false(scripts_check(scripts, &lost));
    assert_int_equal(missing, 2);
}

static void
without_redis_nothing_is_sent(void **state)
{
    (void)state;
    commands->ready = false;
    assert_false(scripts_leave(scripts, STR_LIT("c"), STR_LIT("n/1")));
    assert_false(scripts_check(scripts, NULL));
    assert_int_equal(missing, 0);
}

int
main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        STAGED(keys_of_a_channel_share_a_slot),
        STAGED(changes_name_their_channel_and_connection),
        STAGED(applications_get_members_only_if_wanted),
        STAGED(what_redis_forgot_is_loaded_once),
        STAGED(without_redis_nothing_is_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
