/* SPDX-License-Identifier: MIT */
/*
 * auth: a request that was sent takes its slot until the application is done with it, whatever
 * becomes of the one who asked.
 */
#include "channels/auth.h"

#include "auth_scene.h"

static void
set_cap(unsigned in_flight)
{
    limits.in_flight = in_flight;
    auth_set_limits(auth, &limits);
}

static void
cancel(int outcome)
{
    auth_cancel(outcomes[outcome].ask);
    outcomes[outcome].ask = NULL;
}

static void
answer_all(void)
{
    while (fake_calls_open() > 0) {
        fake_answer_status(fake_call(0), 200);
        loop_turn(loop);
    }
}

static void
what_waits_and_is_cancelled_is_never_sent(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        begin(i, 0, "private-x");
    loop_turn(loop);
    cancel(2);
    answer_all();
    assert_int_equal(fake_posts, 3);
    assert_int_equal(outcomes[2].verdicts, 0);
    assert_int_equal(outcomes[3].verdicts, 1);
}

static void
what_was_sent_keeps_its_slot_until_it_is_over(void **state)
{
    static const struct http_answer ends[] = {
        { .result = HTTP_CALL_ANSWERED, .status = 200 },
        { .result = HTTP_CALL_ANSWERED, .status = 503 }, /* would be repeated for an asker */
        { .result = HTTP_CALL_BROKEN, .error = "closed" },
        { .result = HTTP_CALL_TIMEOUT, .error = "held long enough" },
    };

    (void)state;
    limits.retry_ms = 5000;
    set_cap(1);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        begin(0, 0, "left");
        begin(1, 1, "waits");
        loop_turn(loop);
        cancel(0);
        loop_turn(loop);
        assert_int_equal(fake_calls_open(), 1);
        assert_true(fake_call(0)->abandoned);
        body_is(0, "channel_name=left");
        fake_answer(fake_call(0), &ends[i]);
        loop_turn(loop);
        body_is(0, "channel_name=waits");
        fake_answer_status(fake_call(0), 200);
        loop_turn(loop);
        assert_int_equal(outcomes[0].verdicts, 0);
        assert_int_equal(outcomes[1].verdicts, i + 1);
    }
    assert_int_equal(fake_posts, 2 * COUNT_OF(ends));
    assert_int_equal(fake_cancels, 0);
}

static void
what_has_no_connection_yet_returns_its_slot_at_once(void **state)
{
    (void)state;
    set_cap(1);
    begin(0, 0, "left");
    begin(1, 1, "waits");
    loop_turn(loop);
    fake_call(0)->connecting = true;
    cancel(0);
    assert_int_equal(fake_cancels, 1);
    loop_turn(loop);
    body_is(0, "channel_name=waits");
}

/* How long the application may be at it. */
static void
a_slot_is_held_for_a_minute_or_authTimeout(void **state)
{
    (void)state;
    begin(0, 0, "private-x");
    loop_turn(loop);
    assert_int_equal(fake_call(0)->timeout_ms, AUTH_HOLD_MS);
    limits.timeout_ms = AUTH_HOLD_MS + 1;
    set_cap(2);
    begin(1, 1, "private-x");
    loop_turn(loop);
    assert_int_equal(fake_call(1)->timeout_ms, AUTH_HOLD_MS + 1);
}

static void
asking_and_leaving_without_end_stays_within_the_cap(void **state)
{
    (void)state;
    set_cap(8);
    for (int i = 0; i < 100; i++) {
        begin(0, 0, "attack");
        loop_turn(loop);
        cancel(0);
        assert_in_range(fake_calls_open(), 1, 6);
    }
    assert_int_equal(fake_posts, 6); /* two slots are left */
    begin(1, 1, "honest");
    loop_turn(loop);
    body_is(6, "channel_name=honest");
    fake_answer_status(fake_call(6), 200);
    assert_int_equal(outcomes[1].status, 200);
}

static void
nor_does_it_take_more_than_a_turn(void **state)
{
    (void)state;
    set_cap(1);
    begin(0, 0, "attack");
    loop_turn(loop);
    cancel(0);
    begin(0, 0, "attack");
    begin(1, 1, "honest");
    for (int i = 0; i < 3; i++) {
        cancel(0);
        begin(0, 0, "attack");
        loop_turn(loop);
    }
    fake_answer_status(fake_call(0), 200);
    loop_turn(loop);
    body_is(0, "channel_name=honest");
    fake_answer_status(fake_call(0), 200);
    assert_int_equal(outcomes[1].status, 200);
    loop_turn(loop);
    body_is(0, "channel_name=attack");
}

static void
lines_that_ask_without_end_leave_a_slot_to_the_next(void **state)
{
    (void)state;
    set_cap(16);
    for (int i = 0; i < 48; i++)
        begin(i, i % 3, "private-x");
    loop_turn(loop);
    assert_in_range(fake_calls_open(), 12, 15);
    begin(48, 3, "honest");
    loop_turn(loop);
    body_is(fake_calls_open() - 1, "channel_name=honest");
}

static void
wait_for_verdict(const struct outcome *o)
{
    uint64_t end = clock_ms() + 5000;

    while (o->verdicts == 0 && clock_ms() < end) {
        loop_turn(loop);
        usleep(1000);
    }
    assert_int_equal(o->verdicts, 1);
}

static void
too_late_is_a_verdict_but_the_slot_is_held(void **state)
{
    (void)state;
    limits.timeout_ms = 20;
    set_cap(1);
    begin(0, 0, "slow");
    loop_turn(loop);
    limits.timeout_ms = 5000;
    set_cap(1);
    begin(1, 1, "waits");
    wait_for_verdict(&outcomes[0]);
    assert_int_equal(outcomes[0].status, 0);
    assert_non_null(strstr(outcomes[0].cause, "(authTimeout)"));
    loop_turn(loop);
    assert_int_equal(fake_posts, 1);
    assert_true(fake_call(0)->abandoned);
    fake_answer_status(fake_call(0), 200);
    loop_turn(loop);
    body_is(0, "channel_name=waits");
    assert_int_equal(outcomes[0].verdicts, 1);
}

static void
too_late_without_a_connection_returns_the_slot(void **state)
{
    (void)state;
    limits.timeout_ms = 20;
    set_cap(1);
    begin(0, 0, "private-x");
    loop_turn(loop);
    fake_call(0)->connecting = true;
    wait_for_verdict(&outcomes[0]);
    assert_int_equal(fake_calls_open(), 0);
    assert_int_equal(fake_cancels, 1);
}

static void
a_line_may_end_before_what_it_asked(void **state)
{
    (void)state;
    set_cap(1);
    begin(0, 0, "left");
    begin(1, 1, "waits");
    loop_turn(loop);
    cancel(0);
    auth_line_fini(auth, &lines[0]);
    memset(&lines[0], 0xff, sizeof(lines[0])); /* as memory that is another's now */
    loop_turn(loop);
    assert_int_equal(fake_posts, 1);
    fake_answer_status(fake_call(0), 200);
    loop_turn(loop);
    body_is(0, "channel_name=waits");
    for (size_t i = 0; i < sizeof(lines[0]); i++)
        assert_int_equal(((const unsigned char *)&lines[0])[i], 0xff);
    auth_line_init(&lines[0]);
}

static void
a_lowered_cap_counts_what_is_held(void **state)
{
    (void)state;
    set_cap(3);
    for (int i = 0; i < 3; i++)
        begin(i, i, "left");
    loop_turn(loop);
    for (int i = 0; i < 3; i++)
        cancel(i);
    set_cap(1);
    begin(3, 3, "waits");
    for (unsigned open = 3; open > 0; open--) {
        loop_turn(loop);
        assert_int_equal(fake_calls_open(), open);
        assert_int_equal(fake_posts, 3);
        fake_answer_status(fake_call(0), 200);
    }
    loop_turn(loop);
    body_is(0, "channel_name=waits");
}

static void
closing_cuts_what_nobody_waits_for(void **state)
{
    static const char *const hosts[] = { "http://app.test" };
    const struct auth_question q = { .line = &lines[0], .channel = STR_LIT("private-x") };
    struct auth *other = open_with(hosts, 1);
    struct auth_ask *ask;

    (void)state;
    assert_int_equal(auth_begin(other, &q, on_verdict, &outcomes[0], &ask), AUTH_OK);
    loop_turn(loop);
    auth_cancel(ask);
    assert_int_equal(fake_calls_open(), 1);
    auth_close(other);
    assert_int_equal(fake_calls_open(), 0);
    assert_int_equal(fake_cancels, 1);
    assert_int_equal(outcomes[0].verdicts, 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_waits_and_is_cancelled_is_never_sent),
        TEST(what_was_sent_keeps_its_slot_until_it_is_over),
        TEST(what_has_no_connection_yet_returns_its_slot_at_once),
        TEST(a_slot_is_held_for_a_minute_or_authTimeout),
        TEST(asking_and_leaving_without_end_stays_within_the_cap),
        TEST(nor_does_it_take_more_than_a_turn),
        TEST(lines_that_ask_without_end_leave_a_slot_to_the_next),
        TEST(too_late_is_a_verdict_but_the_slot_is_held),
        TEST(too_late_without_a_connection_returns_the_slot),
        TEST(a_line_may_end_before_what_it_asked),
        TEST(a_lowered_cap_counts_what_is_held),
        TEST(closing_cuts_what_nobody_waits_for),
    };

    return cmocka_run_group_tests_name("channels/auth_slots", tests, NULL, NULL);
}
