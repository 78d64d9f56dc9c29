/* SPDX-License-Identifier: MIT */
/*
 * Tests of the mailbox: order, limits, and that no message is lost or leaked, between threads.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "net/mailbox.h"
#include "peer.h"

struct letter {
    struct message m;
    unsigned sender, number;
};

struct receiver {
    struct loop *l;
    struct mailbox *box;
    unsigned next[4]; /* number expected from each sender */
    unsigned total, close_after;
    bool blocked;
};

static atomic_uint dropped;

static void
on_letter(void *owner, struct message *m)
{
    struct receiver *r = owner;
    struct letter *t = CONTAINER_OF(m, struct letter, m);

    assert_int_equal(t->number, r->next[t->sender]);
    r->next[t->sender]++;
    r->total++;
    free(t);
    if (r->total == r->close_after) {
        mailbox_close(r->box);
        loop_stop(r->l);
    }
}

static void
drop_letter(struct message *m)
{
    atomic_fetch_add(&dropped, 1);
    free(CONTAINER_OF(m, struct letter, m));
}

static const struct message_kind letter_kind = { "letter", on_letter, drop_letter };

static struct message *
letter(unsigned sender, unsigned number, size_t cost)
{
    struct letter *t = calloc(1, sizeof(*t));

    t->m.kind = &letter_kind;
    t->m.cost = cost;
    t->sender = sender;
    t->number = number;
    return &t->m;
}

static void
receiver_init(struct receiver *r, size_t limit_bytes)
{
    *r = (struct receiver){ .l = loop_new() };
    r->box = mailbox_open(r->l, limit_bytes, r);
    atomic_store(&dropped, 0);
}

static void
receiver_fini(struct receiver *r)
{
    mailbox_close(r->box);
    loop_stop(r->l);
    loop_run(r->l);
    loop_free(r->l);
    mailbox_free(r->box);
}

static void *
run_loop(void *l)
{
    loop_run(l);
    return NULL;
}

enum { LETTERS = 20000, SENDERS = 4 };

struct sender {
    struct receiver *r;
    unsigned number;
};

static void *
send_letters(void *arg)
{
    struct sender *s = arg;

    for (unsigned i = 0; i < LETTERS; i++)
        mailbox_post(s->r->box, letter(s->number, i, 10));
    return NULL;
}

static void
send_from_all(struct receiver *r)
{
    pthread_t threads[SENDERS], loop;
    struct sender senders[SENDERS];

    assert_int_equal(pthread_create(&loop, NULL, run_loop, r->l), 0);
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){ r, i };
        assert_int_equal(pthread_create(&threads[i], NULL, send_letters, &senders[i]), 0);
    }
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_join(threads[i], NULL);
    pthread_join(loop, NULL);
}

static void
each_senders_order_is_kept(void **state)
{
    struct receiver r;

    (void)state;
    receiver_init(&r, 1000);
    r.close_after = LETTERS * SENDERS;
    send_from_all(&r);
    assert_int_equal(r.total, LETTERS * SENDERS);
    assert_int_equal(dropped, 0);
    receiver_fini(&r);
}

static void
what_a_closed_box_gets_is_dropped(void **state)
{
    struct receiver r;

    (void)state;
    receiver_init(&r, 1000);
    r.close_after = LETTERS;
    send_from_all(&r);
    assert_int_equal(r.total, LETTERS);
    assert_int_equal(dropped, LETTERS * (SENDERS - 1));
    assert_true(mailbox_post(r.box, letter(0, 0, 10)));
    assert_int_equal(dropped, LETTERS * (SENDERS - 1) + 1);
    receiver_fini(&r);
}

static void
past_its_limit_the_box_says_so(void **state)
{
    struct receiver r;

    (void)state;
    receiver_init(&r, 25);
    assert_true(mailbox_post(r.box, letter(0, 0, 10)));
    assert_true(mailbox_post(r.box, letter(0, 1, 10)));
    assert_false(mailbox_post(r.box, letter(0, 2, 10)));
    TURN_UNTIL(r.l, r.total == 3);
    assert_true(mailbox_post(r.box, letter(0, 3, 10)));
    TURN_UNTIL(r.l, r.total == 4);
    receiver_fini(&r);
}

static void
sender_hears_when_there_is_room(void **state)
{
    struct receiver r, back;

    (void)state;
    receiver_init(&r, 5);
    receiver_init(&back, 5);
    mailbox_post_when_below(r.box, back.box, letter(0, 0, 1));
    TURN_UNTIL(back.l, back.total == 1);
    assert_false(mailbox_post(r.box, letter(0, 0, 10)));
    mailbox_post_when_below(r.box, back.box, letter(0, 1, 1));
    loop_turn(back.l);
    assert_int_equal(back.total, 1);
    TURN_UNTIL(r.l, r.total == 1);
    TURN_UNTIL(back.l, back.total == 2);
    receiver_fini(&r);
    receiver_fini(&back);
}

static void
closing_lets_the_waiting_go_on(void **state)
{
    struct receiver r, back;

    (void)state;
    receiver_init(&r, 5);
    receiver_init(&back, 5);
    assert_false(mailbox_post(r.box, letter(0, 0, 10)));
    mailbox_post_when_below(r.box, back.box, letter(0, 0, 1));
    mailbox_close(r.box);
    assert_int_equal(dropped, 1);
    TURN_UNTIL(back.l, back.total == 1);
    receiver_fini(&r);
    receiver_fini(&back);
}

/* A turn of r's loop in which its own thread does this. */
static void
turn_with(struct receiver *r, void (*run)(void *receiver))
{
    struct loop_task task;

    loop_task_init(&task, run, r);
    loop_end_of_turn(r->l, &task);
    loop_turn(r->l);
}

static void
post_two(void *owner)
{
    struct receiver *r = owner;

    mailbox_post(r->box, letter(0, 0, 1));
    mailbox_post(r->box, letter(0, 1, 1));
    assert_int_equal(r->total, 0);
}

static void
own_messages_are_delivered_at_the_end_of_the_turn(void **state)
{
    struct receiver r;

    (void)state;
    receiver_init(&r, 5);
    turn_with(&r, post_two);
    assert_int_equal(r.total, 2);
    receiver_fini(&r);
}

static void
post_and_close(void *owner)
{
    struct receiver *r = owner;

    mailbox_post(r->box, letter(0, 0, 1));
    mailbox_close(r->box);
}

static void
own_messages_of_a_closed_box_are_dropped(void **state)
{
    struct receiver r;

    (void)state;
    receiver_init(&r, 5);
    turn_with(&r, post_and_close);
    assert_int_equal(dropped, 1);
    assert_int_equal(r.total, 0);
    receiver_fini(&r);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_senders_order_is_kept),
        cmocka_unit_test(what_a_closed_box_gets_is_dropped),
        cmocka_unit_test(past_its_limit_the_box_says_so),
        cmocka_unit_test(sender_hears_when_there_is_room),
        cmocka_unit_test(closing_lets_the_waiting_go_on),
        cmocka_unit_test(own_messages_are_delivered_at_the_end_of_the_turn),
        cmocka_unit_test(own_messages_of_a_closed_box_are_dropped),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/mailbox", tests, NULL, NULL);
}
