/* SPDX-License-Identifier: MIT */
/*
 * Tests of the timer wheel.  Most of them run it in simulated time, hence the source is included.
 */
#include "timer.c"

#include "base/clock.h"
#include "peer.h"

struct probe {
    struct timer timer;
    struct loop *l;
    uint64_t fired_ms;
    unsigned fired;
};

static void
on_probe(void *owner)
{
    struct probe *p = owner;

    p->fired++;
    p->fired_ms = loop_now_ms(p->l);
    assert_true(p->fired_ms >= p->timer.due_ms);
}

/* Jump to the time that the wheel asked to be woken at, or to a later one. */
static void
wake_at(struct loop *l, uint64_t now_ms)
{
    l->uv.time = now_ms;
    timer_on_wake(&l->wheel.wake);
}

static void
start_at(struct loop *l, struct timer *t, uint64_t due_ms)
{
    list_remove(&t->node);
    t->due_ms = due_ms;
    timer_catch_up(&l->wheel);
    timer_place(&l->wheel, t, l->wheel.now + 1);
}

static void
each_distance_fires_in_its_tick(void **state)
{
    static const uint64_t delays_ms[] = { 0, 1, 7, 8, 9, 500, 504, 511, 512, 513, 519, 520, 1023,
        1024, 4096, 32767, 32768, 32769, 33280, 2097151, 2097152, 2100000, 134217728, 140000000,
        8589934591, 8589934592, 20000000000 };
    struct loop *l = loop_new();

    (void)state;
    for (uint64_t offset = 0; offset < 70; offset++)
        for (size_t i = 0; i < COUNT_OF(delays_ms); i++) {
            struct probe p = { .l = l };
            uint64_t tick;

            wake_at(l, l->uv.time + 8 * offset + offset % 8);
            timer_init(&p.timer, on_probe, &p);
            start_at(l, &p.timer, l->uv.time + delays_ms[i]);
            while ((tick = next_tick(&l->wheel)) != TIMER_NEVER)
                wake_at(l, tick << TICK_SHIFT);
            assert_int_equal(p.fired, 1);
            assert_true(p.fired_ms <= p.timer.due_ms + 8);
        }
    loop_free(l);
}

static uint32_t
next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Whatever is started, stopped and restarted: nothing early, nothing lost, nothing twice. */
static void
crowd_fires_in_time(void **state)
{
    enum { CROWD = 500, ROUNDS = 20000 };
    struct loop *l = loop_new();
    struct probe *crowd = calloc(CROWD, sizeof(*crowd));
    uint32_t seed = 1;

    (void)state;
    for (unsigned i = 0; i < CROWD; i++) {
        crowd[i].l = l;
        timer_init(&crowd[i].timer, on_probe, &crowd[i]);
    }
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct probe *p = &crowd[next_random(&seed) % CROWD];
        unsigned action = next_random(&seed) % 4;

        if (action == 0)
            timer_stop(&p->timer);
        else
            start_at(l, &p->timer, l->uv.time + (next_random(&seed) >> (next_random(&seed) % 24)));
        wake_at(l, l->uv.time + next_random(&seed) % 300);
        for (unsigned i = 0; i < CROWD; i++)
            if (timer_active(&crowd[i].timer))
                assert_true(crowd[i].timer.due_ms + 8 > l->uv.time);
    }
    for (unsigned i = 0; i < CROWD; i++)
        timer_stop(&crowd[i].timer);
    free(crowd);
    loop_free(l);
}

static void
stopped_timers_wake_nobody(void **state)
{
    struct loop *l = loop_new();
    struct probe p = { .l = l };

    (void)state;
    timer_init(&p.timer, on_probe, &p);
    timer_wheel_arm(&l->wheel);
    assert_false(uv_is_active((uv_handle_t *)&l->wheel.wake));
    timer_start(l, &p.timer, 20);
    timer_start(l, &p.timer, 5000);
    timer_wheel_arm(&l->wheel);
    assert_true(uv_is_active((uv_handle_t *)&l->wheel.wake));
    assert_true(uv_timer_get_due_in(&l->wheel.wake) > 20);
    timer_stop(&p.timer);
    timer_stop(&p.timer);
    timer_wheel_arm(&l->wheel);
    assert_false(uv_is_active((uv_handle_t *)&l->wheel.wake));
    assert_int_equal(p.fired, 0);
    loop_free(l);
}

static void
stop_next(void *owner)
{
    timer_stop(owner);
}

static void
timer_stopped_by_another_of_its_tick_is_silent(void **state)
{
    struct loop *l = loop_new();
    struct probe p = { .l = l };
    struct timer first;

    (void)state;
    timer_init(&p.timer, on_probe, &p);
    timer_init(&first, stop_next, &p.timer);
    start_at(l, &first, l->uv.time + 20);
    start_at(l, &p.timer, l->uv.time + 20);
    wake_at(l, l->uv.time + 100);
    assert_int_equal(p.fired, 0);
    assert_false(timer_active(&p.timer));
    loop_free(l);
}

static void
real_time_is_never_early(void **state)
{
    static const unsigned delays_ms[] = { 0, 3, 25, 100, 530, 1100 };
    struct loop *l = loop_new();
    struct probe p[COUNT_OF(delays_ms)];
    uint64_t begin_ms = clock_ms();

    (void)state;
    for (size_t i = 0; i < COUNT_OF(delays_ms); i++) {
        p[i] = (struct probe){ .l = l };
        timer_init(&p[i].timer, on_probe, &p[i]);
        timer_start(l, &p[i].timer, delays_ms[i]);
    }
    TURN_UNTIL(l, p[COUNT_OF(delays_ms) - 1].fired);
    assert_true(clock_ms() >= begin_ms + 1100);
    for (size_t i = 0; i < COUNT_OF(delays_ms); i++) {
        assert_int_equal(p[i].fired, 1);
        assert_true(p[i].fired_ms >= begin_ms + delays_ms[i]);
    }
    loop_free(l);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_distance_fires_in_its_tick),
        cmocka_unit_test(crowd_fires_in_time),
        cmocka_unit_test(stopped_timers_wake_nobody),
        cmocka_unit_test(timer_stopped_by_another_of_its_tick_is_silent),
        cmocka_unit_test(real_time_is_never_early),
    };

    alarm(100);
    return cmocka_run_group_tests_name("net/timer", tests, NULL, NULL);
}
