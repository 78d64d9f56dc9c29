/* SPDX-License-Identifier: MIT */
/*
 * lease: what a node says of itself, and what it concludes from the answers; Redis is a fake.
 */
#include "lease.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "fake_redis.h"
#include "net/loop.h"
#include "scripts.h"

static struct loop *loop;
static struct redis_link *commands;
static struct scripts *scripts;
static struct lease *lease;
static char dead[128];
static unsigned forgotten, retired;

static void
on_forgotten(void *owner)
{
    (void)owner;
    forgotten++;
}

static void
on_dead(void *owner, struct str name)
{
    size_t len = strlen(dead);

    (void)owner;
    snprintf(dead + len, sizeof(dead) - len, "%.*s ", STR_ARG(name));
}

static void
on_retired(void *owner)
{
    (void)owner;
    retired++;
}

static void
on_missing(void *owner)
{
    (void)owner;
}

static int
begin(void **state)
{
    static const struct redis_link_handlers silent = { 0 };
    static const struct lease_handlers handlers = { on_forgotten, on_dead, on_retired };

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    dead[0] = '\0';
    forgotten = retired = 0;
    loop = loop_new();
    commands = redis_link_open(loop, NULL, &silent, NULL);
    scripts = scripts_new(&(struct scripts_options){
        .link = commands,
        .prefix = STR_LIT("app_"),
        .on_missing = on_missing,
    });
    lease = lease_new(loop, &(struct lease_options){ scripts, STR_LIT("me"), 30 }, &handlers, NULL);
    return 0;
}

static int
end(void **state)
{
    (void)state;
    redis_link_close(commands);
    lease_free(lease);
    scripts_free(scripts);
    loop_stop(loop);
    loop_run(loop);
    loop_free(loop);
    return 0;
}

static void
connect_redis(void)
{
    commands->ready = true;
    lease_up(lease);
    assert_int_equal(commands->asked_count, 1);
    assert_string_equal(commands->asked[0].text, "app_echo-server:nodes me 30");
}

static struct redis_value
text(const char *s)
{
    return (struct redis_value){ .kind = REDIS_STRING, .text = str_of(s) };
}

/* The beat's answer: whether we were known, who has expired ("": none), who is alive. */
static void
answer(int64_t known, const char *expired, const char *alive)
{
    struct redis_value gone = text(expired), there[] = { text("me"), text(alive), text("~old") };
    struct redis_value parts[] = {
        { .kind = REDIS_INTEGER, .integer = known },
        { .kind = REDIS_ARRAY, .items = &gone, .count = *expired != '\0' },
        { .kind = REDIS_ARRAY, .items = there, .count = COUNT_OF(there) },
    };

    fake_redis_reply(commands,
        &(struct redis_value){ .kind = REDIS_ARRAY, .items = parts, .count = COUNT_OF(parts) });
}

static void
it_is_alone_only_when_a_beat_said_so(void **state)
{
    (void)state;
    assert_false(lease_is_alone(lease));
    connect_redis();
    assert_false(lease_is_alone(lease));
    answer(0, "", "me");
    assert_true(lease_is_alone(lease));
    lease_heard(lease, STR_LIT("me"));
    assert_true(lease_is_alone(lease));
    lease_heard(lease, STR_LIT("other"));
    assert_int_equal(lease_peers(lease), 1);
    assert_false(lease_is_alone(lease));
}

static void
peers_are_those_of_the_last_beat_without_the_retired(void **state)
{
    (void)state;
    connect_redis();
    answer(0, "", "other");
    assert_int_equal(lease_peers(lease), 1);
    lease_up(lease);
    answer(1, "", "me");
    assert_int_equal(lease_peers(lease), 0);
}

static void
a_node_that_was_not_known_is_not_forgotten(void **state)
{
    (void)state;
    connect_redis();
    answer(0, "", "me");
    assert_int_equal(forgotten, 0);
    lease_down(lease);
    lease_up(lease);
    answer(0, "", "me"); /* the first on this connection: it is said again anyway */
    assert_int_equal(forgotten, 0);
}

/* The timer's next beat. */
static void
await_beat(void)
{
    while (commands->asked_count == 0) {
        loop_turn(loop);
        usleep(1000);
    }
}

static void
a_node_taken_for_dead_learns_of_it(void **state)
{
    (void)state;
    connect_redis();
    answer(1, "", "me");
    await_beat();
    answer(0, "", "me");
    assert_int_equal(forgotten, 1);
    await_beat();
    answer(1, "", "me");
    assert_int_equal(forgotten, 1);
}

static void
the_dead_are_reported(void **state)
{
    (void)state;
    connect_redis();
    answer(1, "gone", "me");
    assert_string_equal(dead, "gone ");
}

static void
what_is_not_an_answer_changes_nothing(void **state)
{
    const struct redis_value number = { .kind = REDIS_INTEGER, .integer = 1 };

    (void)state;
    connect_redis();
    fake_redis_reply(commands, &number);
    assert_false(lease_is_alone(lease));
    lease_up(lease);
    fake_redis_reply(commands, NULL);
    assert_false(lease_is_alone(lease));
}

/* As from a master of a cluster of which another one was lost. */
static void
an_answer_after_the_connection_changes_nothing(void **state)
{
    (void)state;
    connect_redis();
    lease_down(lease);
    answer(1, "gone", "other");
    assert_string_equal(dead, "");
    assert_int_equal(lease_peers(lease), 0);
}

static void
the_last_node_that_retires_finds_all_others_dead(void **state)
{
    struct redis_value nodes[] = { text("gone"), text("~me") };

    (void)state;
    connect_redis();
    answer(1, "", "me");
    lease_retire(lease, 10000);
    assert_int_equal(retired, 0);
    assert_string_equal(commands->asked[0].text, "app_echo-server:nodes me 10000");
    fake_redis_reply(
        commands, &(struct redis_value){ .kind = REDIS_ARRAY, .items = nodes, .count = 2 });
    assert_string_equal(dead, "gone ~me ");
    assert_int_equal(retired, 1);
}

static void
retiring_does_not_wait_for_redis(void **state)
{
    (void)state;
    lease_retire(lease, 10000);
    assert_int_equal(retired, 1);
    lease_up(lease); /* too late: no beat */
    assert_int_equal(commands->asked_count, 0);
}

static void
retiring_is_over_when_the_connection_is(void **state)
{
    (void)state;
    connect_redis();
    answer(1, "", "me");
    lease_retire(lease, 10000);
    lease_down(lease);
    fake_redis_reply(commands, NULL);
    assert_int_equal(retired, 1);
    assert_string_equal(dead, "");
}

int
main(void)
{
#define STAGED(test) cmocka_unit_test_setup_teardown(test, begin, end)
    const struct CMUnitTest tests[] = {
        STAGED(it_is_alone_only_when_a_beat_said_so),
        STAGED(peers_are_those_of_the_last_beat_without_the_retired),
        STAGED(a_node_that_was_not_known_is_not_forgotten),
        STAGED(a_node_taken_for_dead_learns_of_it),
        STAGED(the_dead_are_reported),
        STAGED(what_is_not_an_answer_changes_nothing),
        STAGED(an_answer_after_the_connection_changes_nothing),
        STAGED(the_last_node_that_retires_finds_all_others_dead),
        STAGED(retiring_does_not_wait_for_redis),
        STAGED(retiring_is_over_when_the_connection_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
