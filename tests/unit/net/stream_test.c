/* SPDX-License-Identifier: MIT */
/*
 * Tests of plain streams.  Over a SOCK_SEQPACKET pair each system call is one packet, so that
 * gathering can be seen.
 */
#include <sys/ioctl.h>

#include "peer.h"

static struct loop *
set(struct peer *p, int type, int *other)
{
    struct loop *l = loop_new();

    peer_attach(p, stream_over_pair(l, type, other));
    return l;
}

static void
tear_down(struct loop *l, struct peer *p, int other)
{
    peer_fini(l, p);
    close(other);
    loop_free(l);
}

static void
idle_stream_is_small(void **state)
{
    (void)state;
    assert_true(sizeof(struct stream) <= 450);
}

static void
burst_is_one_write(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_SEQPACKET, &other);
    char packet[256];

    (void)state;
    for (int i = 0; i < 50; i++)
        assert_true(stream_send_copy(p.s, "ab", 2));
    assert_int_equal(stream_queued(p.s), 100);
    assert_int_equal(recv(other, packet, sizeof(packet), 0), -1);
    loop_turn(l);
    assert_int_equal(recv(other, packet, sizeof(packet), 0), 100);
    assert_int_equal(recv(other, packet, sizeof(packet), 0), -1);
    assert_int_equal(stream_queued(p.s), 0);
    assert_int_equal(stream_bytes_out(p.s), 100);
    assert_int_equal(p.s->queue.capacity, STREAM_QUEUE_INLINE);
    tear_down(l, &p, other);
}

static void
large_burst_takes_sixty_four_a_write(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_SEQPACKET, &other);
    char packet[256];

    (void)state;
    for (int i = 0; i < 130; i++)
        stream_send_copy(p.s, "x", 1);
    loop_turn(l);
    assert_int_equal(recv(other, packet, sizeof(packet), 0), 64);
    assert_int_equal(recv(other, packet, sizeof(packet), 0), 64);
    assert_int_equal(recv(other, packet, sizeof(packet), 0), 2);
    tear_down(l, &p, other);
}

static void
tiny_pieces_cost_more_than_their_bytes(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);

    (void)state;
    assert_int_equal(stream_cost(p.s), 0);
    for (int i = 0; i < 100; i++)
        stream_send_copy(p.s, "ab", 2);
    assert_true(stream_cost(p.s) >= 100 * (sizeof(struct bytes) + sizeof(struct bytes *)));
    loop_turn(l);
    assert_int_equal(stream_cost(p.s), 0);
    tear_down(l, &p, other);
}

static void
bytes_are_shared_not_copied(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    struct bytes *b = bytes_new("hello", 5);

    (void)state;
    stream_send(p.s, b);
    assert_int_equal(b->refs, 2);
    loop_turn(l);
    assert_int_equal(b->refs, 1);
    stream_send(p.s, b);
    stream_close(p.s, STREAM_END_LOCAL);
    assert_int_equal(b->refs, 1);
    bytes_unref(b);
    tear_down(l, &p, other);
}

/* Reads what is there; returns how much. */
static size_t
slurp(int fd)
{
    char room[65536];
    size_t total = 0;
    ssize_t len;

    while ((len = recv(fd, room, sizeof(room), MSG_DONTWAIT)) > 0)
        total += (size_t)len;
    return total;
}

static void
full_queue_says_so_and_drains(void **state)
{
    enum { SIZE = 4 << 20 };
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    struct bytes *b = bytes_alloc(SIZE);
    size_t total = 0;

    (void)state;
    memset(b->data, 'x', SIZE);
    p.inside = true;
    assert_false(stream_send(p.s, b));
    p.inside = false;
    loop_turn(l);
    assert_true(stream_queued(p.s) > 0);
    assert_int_equal(p.drains, 0);
    while (p.drains == 0) {
        total += slurp(other);
        loop_turn(l);
    }
    assert_int_equal(stream_queued(p.s), 0);
    assert_int_equal(total + slurp(other), SIZE);
    assert_true(stream_send(p.s, b) == false);
    bytes_unref(b);
    tear_down(l, &p, other);
}

static void
what_a_stream_holds_is_counted(void **state)
{
    enum { SIZE = 4 << 20, PIECES = 1000 };
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    const struct budget *b = loop_budget(l);
    struct bytes *piece = bytes_new("piece", 5);
    char *large = calloc(1, SIZE);
    size_t idle = budget_used(b);

    (void)state;
    assert_true(idle >= sizeof(struct stream));
    stream_send_copy(p.s, large, SIZE);
    assert_true(budget_used(b) >= idle + SIZE);
    loop_turn(l);
    for (int i = 0; i < PIECES; i++) /* what others hold as well costs its place in the queue */
        stream_send(p.s, piece);
    loop_turn(l);
    assert_in_range(budget_used(b), idle + SIZE + PIECES * sizeof(piece),
        idle + SIZE + 4 * PIECES * sizeof(piece));
    assert_in_range(stream_weight(p.s), SIZE / 2, SIZE + 64 * PIECES); /* the kernel took some */
    while (budget_used(b) > idle) {
        slurp(other);
        loop_turn(l);
    }
    assert_int_equal(stream_queued(p.s), 0);
    assert_int_equal(budget_used(b), idle);
    bytes_unref(piece);
    free(large);
    tear_down(l, &p, other);
}

static void
a_queue_that_is_dropped_is_given_back(void **state)
{
    enum { SIZE = 4 << 20, PIECES = 1000 };
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    char *large = calloc(1, SIZE);

    (void)state;
    stream_send_copy(p.s, large, SIZE);
    loop_turn(l);
    for (int i = 0; i < PIECES; i++)
        stream_send_copy(p.s, "x", 1);
    loop_turn(l);
    stream_close(p.s, STREAM_END_LOCAL);
    loop_turn(l);
    assert_int_equal(budget_used(loop_budget(l)), 0);
    free(large);
    tear_down(l, &p, other);
}

static void
drain_is_not_reported_within_the_turn(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    char room[STREAM_HIGH_MARK] = { 0 };

    (void)state;
    assert_false(stream_send_copy(p.s, room, sizeof(room)));
    loop_turn(l);
    assert_int_equal(slurp(other), sizeof(room));
    TURN_UNTIL(l, p.drains > 0);
    loop_turn(l);
    assert_int_equal(p.drains, 1);
    tear_down(l, &p, other);
}

static void
close_within_on_data_is_safe(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);

    (void)state;
    p.close_on_data = true;
    assert_int_equal(write(other, "abc", 3), 3);
    TURN_UNTIL(l, p.ends);
    assert_int_equal(p.ends, 1);
    assert_int_equal(p.why, STREAM_END_LOCAL);
    assert_true(peer_got(&p, "abc"));
    tear_down(l, &p, other);
}

static void
end_comes_once_and_not_from_within_close(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    struct stream *s = p.s;

    (void)state;
    p.inside = true;
    stream_close(s, STREAM_END_TIMEOUT);
    stream_close(s, STREAM_END_LOCAL);
    assert_true(stream_send_copy(s, "x", 1));
    stream_finish(s);
    stream_pause(s);
    stream_resume(s);
    p.inside = false;
    TURN_UNTIL(l, p.ends);
    assert_int_equal(p.why, STREAM_END_TIMEOUT);
    loop_turn(l);
    assert_int_equal(p.ends, 1);
    tear_down(l, &p, other);
}

static void
write_error_ends_the_stream_later(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);

    (void)state;
    stream_pause(p.s);
    close(other);
    p.inside = true;
    stream_send_copy(p.s, "x", 1);
    p.inside = false;
    TURN_UNTIL(l, p.ends);
    assert_int_equal(p.why, STREAM_END_FAILED);
    tear_down(l, &p, -1);
}

static void
queue_is_written_before_the_end_of_a_half_closed_peer(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    char room[16];

    (void)state;
    p.echo = true;
    assert_int_equal(write(other, "abc", 3), 3);
    shutdown(other, SHUT_WR);
    TURN_UNTIL(l, p.ends);
    assert_int_equal(p.why, STREAM_END_PEER);
    assert_int_equal(recv(other, room, sizeof(room), 0), 3);
    assert_int_equal(recv(other, room, sizeof(room), 0), 0);
    tear_down(l, &p, other);
}

static void
paused_stream_reads_nothing(void **state)
{
    struct peer p;
    int other, waiting;
    struct loop *l = set(&p, SOCK_STREAM, &other);

    (void)state;
    stream_pause(p.s);
    assert_int_equal(write(other, "abc", 3), 3);
    for (int i = 0; i < 3; i++)
        loop_turn(l);
    assert_int_equal(p.got.len, 0);
    assert_int_equal(ioctl(p.s->fd, FIONREAD, &waiting), 0);
    assert_int_equal(waiting, 3);
    assert_int_equal(p.s->watched, 0);
    stream_resume(p.s);
    TURN_UNTIL(l, peer_got(&p, "abc"));
    tear_down(l, &p, other);
}

static void
finish_sends_everything_then_waits_for_the_peer(void **state)
{
    enum { SIZE = 3 << 20 };
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    struct bytes *b = bytes_alloc(SIZE);
    size_t total = 0;
    char c;

    (void)state;
    memset(b->data, 'x', SIZE);
    stream_send(p.s, b);
    stream_finish(p.s);
    assert_int_equal(write(other, "late", 4), 4);
    while (total < SIZE) {
        loop_turn(l);
        total += slurp(other);
    }
    loop_turn(l);
    assert_int_equal(recv(other, &c, 1, 0), 0);
    assert_int_equal(p.ends, 0);
    shutdown(other, SHUT_WR);
    TURN_UNTIL(l, p.ends);
    assert_int_equal(p.why, STREAM_END_LOCAL);
    assert_int_equal(p.got.len, 0);
    bytes_unref(b);
    tear_down(l, &p, other);
}

static void
lingering_has_an_end(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    uint64_t before_ms = loop_now_ms(l);

    (void)state;
    stream_finish(p.s);
    TURN_UNTIL(l, p.ends);
    assert_int_equal(p.why, STREAM_END_LOCAL);
    assert_true(loop_now_ms(l) - before_ms >= 2000);
    tear_down(l, &p, other);
}

static void
second_attach_takes_over(void **state)
{
    struct peer p, q = { 0 };
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);

    (void)state;
    q.s = p.s;
    stream_attach(p.s, &peer_handlers, &q);
    assert_int_equal(write(other, "abc", 3), 3);
    TURN_UNTIL(l, q.got.len);
    assert_int_equal(p.got.len, 0);
    p.s = NULL;
    peer_fini(l, &p);
    tear_down(l, &q, other);
}

static void
closed_stream_does_not_move(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);

    (void)state;
    stream_finish(p.s);
    assert_null(stream_detach(p.s));
    tear_down(l, &p, other);
}

static void
dropped_parcel_closes_the_socket(void **state)
{
    struct peer p;
    int other;
    struct loop *l = set(&p, SOCK_STREAM, &other);
    char c;

    (void)state;
    stream_parcel_drop(stream_detach(p.s));
    p.s = NULL;
    assert_int_equal(recv(other, &c, 1, 0), 0);
    loop_turn(l);
    assert_int_equal(p.ends, 0);
    tear_down(l, &p, other);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(idle_stream_is_small),
        cmocka_unit_test(burst_is_one_write),
        cmocka_unit_test(large_burst_takes_sixty_four_a_write),
        cmocka_unit_test(tiny_pieces_cost_more_than_their_bytes),
        cmocka_unit_test(what_a_stream_holds_is_counted),
        cmocka_unit_test(a_queue_that_is_dropped_is_given_back),
        cmocka_unit_test(bytes_are_shared_not_copied),
        cmocka_unit_test(full_queue_says_so_and_drains),
        cmocka_unit_test(drain_is_not_reported_within_the_turn),
        cmocka_unit_test(close_within_on_data_is_safe),
        cmocka_unit_test(end_comes_once_and_not_from_within_close),
        cmocka_unit_test(write_error_ends_the_stream_later),
        cmocka_unit_test(queue_is_written_before_the_end_of_a_half_closed_peer),
        cmocka_unit_test(paused_stream_reads_nothing),
        cmocka_unit_test(finish_sends_everything_then_waits_for_the_peer),
        cmocka_unit_test(lingering_has_an_end),
        cmocka_unit_test(second_attach_takes_over),
        cmocka_unit_test(closed_stream_does_not_move),
        cmocka_unit_test(dropped_parcel_closes_the_socket),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/stream", tests, NULL, NULL);
}
