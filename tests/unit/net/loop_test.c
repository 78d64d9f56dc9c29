/* SPDX-License-Identifier: MIT */
/*
 * Tests of the loop: what the end of a turn does, and in which order.
 */
#include <pthread.h>

#include "net/mailbox.h"
#include "net/timer.h"
#include "peer.h"

static char trace[16];

static void
note(void *owner)
{
    strncat(trace, owner, sizeof(trace) - strlen(trace) - 1);
}

static void
fake_flush(struct list *node, const struct list *next)
{
    (void)node, (void)next;
    note((void *)(uintptr_t) "f");
}

static void
tasks_then_writes_then_drops(void **state)
{
    struct loop *l = loop_new();
    struct loop_task a, b;
    struct list dirty;
    char na[] = "a", nb[] = "b", nd[] = "d";

    (void)state;
    trace[0] = '\0';
    l->flush = fake_flush;
    list_init(&dirty);
    loop_task_init(&a, note, na);
    loop_task_init(&b, note, nb);
    loop_defer_free(l, nd, note);
    list_append(&l->dirty, &dirty);
    loop_end_of_turn(l, &a);
    loop_end_of_turn(l, &b);
    loop_end_of_turn(l, &a);
    loop_turn(l);
    assert_string_equal(trace, "abfd");
    loop_turn(l);
    assert_string_equal(trace, "abfd");
    loop_free(l);
}

static void
a_spent_budget_is_told_each_turn(void **state)
{
    struct loop *l = loop_new();
    struct loop_task a;
    char na[] = "a";

    (void)state;
    trace[0] = '\0';
    loop_task_init(&a, note, na);
    loop_when_spent(l, &a);
    budget_set_limit(loop_budget(l), 10);
    budget_take(loop_budget(l), 9);
    loop_turn(l);
    assert_string_equal(trace, "");
    budget_take(loop_budget(l), 1);
    loop_turn(l);
    assert_int_equal(trace[0], 'a');
    budget_give(loop_budget(l), 10);
    trace[0] = '\0';
    loop_turn(l);
    assert_string_equal(trace, "");
    loop_when_spent(l, NULL);
    loop_free(l);
}

static void
cancelled_task_does_not_run(void **state)
{
    struct loop *l = loop_new();
    struct loop_task a, zero = { 0 };
    char na[] = "a";

    (void)state;
    trace[0] = '\0';
    loop_task_init(&a, note, na);
    loop_end_of_turn(l, &a);
    loop_task_cancel(&a);
    loop_task_cancel(&a);
    loop_task_cancel(&zero);
    loop_turn(l);
    assert_string_equal(trace, "");
    loop_free(l);
}

static void
soon_is_later_and_once(void **state)
{
    struct loop *l = loop_new();
    struct loop_task a, b, never;
    char na[] = "a", nb[] = "b", nn[] = "n";

    (void)state;
    trace[0] = '\0';
    loop_task_init(&a, note, na);
    loop_task_init(&b, note, nb);
    loop_task_init(&never, note, nn);
    loop_soon(l, &a);
    loop_soon(l, &never);
    loop_soon(l, &a);
    loop_task_cancel(&never);
    loop_turn(l);
    while (strcmp(trace, "a") != 0)
        loop_turn(l);
    loop_soon(l, &b);
    while (strcmp(trace, "ab") != 0)
        loop_turn(l);
    loop_free(l);
}

struct again {
    struct loop *l;
    struct loop_task task;
    int left;
};

static void
run_again(void *owner)
{
    struct again *g = owner;

    if (--g->left > 0)
        loop_end_of_turn(g->l, &g->task);
}

static void
task_may_ask_for_another_round(void **state)
{
    struct again g = { .l = loop_new(), .left = 5 };

    (void)state;
    loop_task_init(&g.task, run_again, &g);
    loop_end_of_turn(g.l, &g.task);
    loop_turn(g.l);
    assert_int_equal(g.left, 0);
    loop_free(g.l);
}

static void
stop_from(void *owner)
{
    loop_stop(owner);
}

static void
loop_waits_until_it_is_stopped(void **state)
{
    struct loop *l = loop_new();
    struct timer stop, late;
    uint64_t before_ms = loop_now_ms(l);

    (void)state;
    timer_init(&stop, stop_from, l);
    timer_init(&late, stop_from, l);
    timer_start(l, &stop, 30);
    timer_start(l, &late, 600000);
    loop_run(l);
    assert_true(loop_now_ms(l) >= before_ms + 30);
    assert_true(loop_now_ms(l) < before_ms + 60000);
    timer_stop(&late);
    loop_free(l);
}

static void *
run_loop(void *l)
{
    loop_run(l);
    return NULL;
}

static void
on_stop_message(void *owner, struct message *m)
{
    free(m);
    mailbox_close(*(struct mailbox **)owner);
}

static void
drop_message(struct message *m)
{
    free(m);
}

static const struct message_kind stop_message = { "stop", on_stop_message, drop_message };

static void
stopped_loop_ends_with_its_last_handle(void **state)
{
    struct loop *l = loop_new();
    struct message *m = calloc(1, sizeof(*m));
    struct mailbox *box = mailbox_open(l, 1000, &box);
    pthread_t thread;

    (void)state;
    loop_stop(l);
    m->kind = &stop_message;
    assert_int_equal(pthread_create(&thread, NULL, run_loop, l), 0);
    mailbox_post(box, m);
    pthread_join(thread, NULL);
    mailbox_free(box);
    loop_free(l);
}

/* Seen from another thread; and a loop that ends does not wait for its next beat. */
static void
an_idle_loop_beats(void **state)
{
    struct loop *l = loop_new();
    struct message *m = calloc(1, sizeof(*m));
    struct mailbox *box = mailbox_open(l, 1000, &box);
    pthread_t thread;

    (void)state;
    loop_beat(l, 5);
    usleep(20000);
    assert_true(loop_beats(l) == 0);
    loop_stop(l);
    m->kind = &stop_message;
    assert_int_equal(pthread_create(&thread, NULL, run_loop, l), 0);
    while (loop_beats(l) < 3)
        usleep(1000);
    mailbox_post(box, m);
    pthread_join(thread, NULL);
    mailbox_free(box);
    loop_free(l);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(tasks_then_writes_then_drops),
        cmocka_unit_test(a_spent_budget_is_told_each_turn),
        cmocka_unit_test(cancelled_task_does_not_run),
        cmocka_unit_test(soon_is_later_and_once),
        cmocka_unit_test(task_may_ask_for_another_round),
        cmocka_unit_test(loop_waits_until_it_is_stopped),
        cmocka_unit_test(stopped_loop_ends_with_its_last_handle),
        cmocka_unit_test(an_idle_loop_beats),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/loop", tests, NULL, NULL);
}
