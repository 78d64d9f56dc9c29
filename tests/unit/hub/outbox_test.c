/* SPDX-License-Identifier: MIT */
/*
 * outbox: which events travel together, what keeps their order, and what waits for a worker that is
 * behind.  The workers' mailboxes are on the test's own loop.
 */
#include "outbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/bytes.h"
#include "base/log.h"
#include "hub_messages.h"
#include "net/loop.h"
#include "registry.h"

enum { WORKERS = 2, LIMIT_BYTES = 4096, LONG_BYTES = 40000 };

struct office {
    struct loop *loop;
    struct outbox *outbox;
    struct registry *registry;
    struct mailbox *back, *box[WORKERS];
    struct hub_message_receiver hub, worker[WORKERS];
    struct buffer heard[WORKERS]; /* "news=a|b;", "answer 7;", "hold 1;" */
    unsigned holds, releases;
    bool answer_on_hold;
};

static struct office office;

static void
on_worker_message(void *owner, const struct hub_message *m)
{
    struct buffer *heard = owner;

    if (m->type == HUB_MESSAGE_ANSWER)
        buffer_printf(heard, "answer %u;", m->token);
    else if (m->type == HUB_MESSAGE_HOLD)
        buffer_printf(heard, "hold %d;", m->number);
    if (m->type != HUB_MESSAGE_BROADCAST)
        return;
    buffer_printf(heard, "%.*s=", STR_ARG(bytes_str(m->channel)));
    if (m->text->len >= LONG_BYTES)
        buffer_printf(heard, "%zu bytes", m->text->len);
    else
        for (size_t i = 0; i < m->text->len; i++)
            buffer_append_char(heard, m->text->data[i] == '\x1e' ? '|' : m->text->data[i]);
    if (m->except)
        buffer_printf(heard, " but %.*s", STR_ARG(bytes_str(m->except)));
    buffer_append_char(heard, ';');
}

static void
on_hub_message(void *owner, const struct hub_message *m)
{
    (void)owner;
    assert_int_equal(m->type, HUB_MESSAGE_BELOW);
    outbox_below(office.outbox, m->worker);
}

static void
on_hold(void *owner)
{
    (void)owner;
    office.holds++;
    assert_true(outbox_full(office.outbox));
    if (office.answer_on_hold)
        outbox_answer(office.outbox, 1, 7);
}

static void
on_release(void *owner)
{
    (void)owner;
    office.releases++;
    assert_false(outbox_full(office.outbox));
}

static int
setup(void **state)
{
    static const struct outbox_handlers handlers = { on_hold, on_release };

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    office = (struct office){ .loop = loop_new(), .registry = registry_new(WORKERS) };
    office.outbox = outbox_new(office.loop, WORKERS, &handlers, NULL);
    office.hub = (struct hub_message_receiver){ on_hub_message, NULL };
    office.back = mailbox_open(office.loop, LIMIT_BYTES, &office.hub);
    for (unsigned i = 0; i < WORKERS; i++) {
        office.worker[i] = (struct hub_message_receiver){ on_worker_message, &office.heard[i] };
        office.box[i] = mailbox_open(office.loop, LIMIT_BYTES, &office.worker[i]);
        outbox_add(office.outbox, i, office.box[i], office.back);
    }
    return 0;
}

static int
teardown(void **state)
{
    (void)state;
    outbox_free(office.outbox);
    registry_free(office.registry);
    mailbox_close(office.back);
    for (unsigned i = 0; i < WORKERS; i++)
        mailbox_close(office.box[i]);
    for (unsigned i = 0; i < WORKERS + 1; i++)
        loop_turn(office.loop);
    mailbox_free(office.back);
    for (unsigned i = 0; i < WORKERS; i++) {
        mailbox_free(office.box[i]);
        buffer_fini(&office.heard[i]);
    }
    loop_free(office.loop);
    return 0;
}

static void
join(const char *channel, unsigned worker)
{
    struct bytes *name = bytes_new(channel, strlen(channel));

    registry_join(office.registry, name, worker);
    bytes_unref(name);
}

static void
say(const char *channel, const char *text, const char *except)
{
    struct bytes *event = bytes_new(text, strlen(text));
    struct bytes *sender = except ? bytes_new(except, strlen(except)) : NULL;

    outbox_broadcast(office.outbox, registry_find(office.registry, str_of(channel)), event, sender);
    bytes_unref(event);
    bytes_unref(sender);
}

static void
say_long(const char *channel)
{
    struct bytes *event = bytes_alloc(LONG_BYTES);

    memset(event->data, 'x', LONG_BYTES);
    outbox_broadcast(office.outbox, registry_find(office.registry, str_of(channel)), event, NULL);
    bytes_unref(event);
}

static void
expect(unsigned worker, const char *heard)
{
    struct buffer *b = &office.heard[worker];

    for (int i = 0; i < 5; i++)
        loop_turn(office.loop);
    buffer_append_char(b, '\0');
    assert_string_equal(b->data, heard);
    buffer_clear(b);
}

static void
events_in_a_row_travel_as_one(void **state)
{
    (void)state;
    join("news", 0);
    join("other", 0);
    say("news", "a", NULL);
    say("news", "b", NULL);
    say("news", "c", NULL);
    say("other", "d", NULL);
    say("news", "e", NULL);
    expect(0, "news=a|b|c;other=d;news=e;");
    expect(1, "");
}

static void
turns_do_not_share_a_run(void **state)
{
    (void)state;
    join("news", 0);
    say("news", "a", NULL);
    expect(0, "news=a;");
    say("news", "b", NULL);
    expect(0, "news=b;");
}

static void
an_exception_travels_alone(void **state)
{
    (void)state;
    join("news", 0);
    say("news", "a", NULL);
    say("news", "b", "me");
    say("news", "c", NULL);
    expect(0, "news=a;news=b but me;news=c;");
}

static void
an_answer_keeps_its_place(void **state)
{
    (void)state;
    join("news", 0);
    say("news", "a", NULL);
    outbox_answer(office.outbox, 0, 3);
    say("news", "b", NULL);
    expect(0, "news=a;answer 3;news=b;");
}

static void
a_new_listener_gets_nothing_from_before(void **state)
{
    (void)state;
    join("news", 0);
    say("news", "a", NULL);
    join("news", 1);
    say("news", "b", NULL);
    expect(0, "news=a;news=b;");
    expect(1, "news=b;");
}

static void
a_run_has_a_limit(void **state)
{
    (void)state;
    join("news", 0);
    say("news", "a", NULL);
    say_long("news");
    say_long("news");
    expect(0, "news=40002 bytes;news=40000 bytes;hold 1;hold 0;");
}

/* Both are full, and the second hears so before its batch. */
static void
a_full_worker_holds_once_and_answers_wait(void **state)
{
    (void)state;
    office.answer_on_hold = true;
    join("news", 0);
    join("news", 1);
    say_long("news");
    expect(0, "news=40000 bytes;hold 1;hold 0;");
    expect(1, "hold 1;news=40000 bytes;hold 0;answer 7;");
    assert_int_equal(office.holds, 1);
    assert_int_equal(office.releases, 1);
    say("news", "a", NULL);
    outbox_answer(office.outbox, 1, 8);
    expect(1, "news=a;answer 8;");
    assert_int_equal(office.holds, 1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(events_in_a_row_travel_as_one),
        TEST(turns_do_not_share_a_run),
        TEST(an_exception_travels_alone),
        TEST(an_answer_keeps_its_place),
        TEST(a_new_listener_gets_nothing_from_before),
        TEST(a_run_has_a_limit),
        TEST(a_full_worker_holds_once_and_answers_wait),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
