/* SPDX-License-Identifier: MIT */
/*
 * Tests of streams that change loops: two threads hand one connection to and fro while its client
 * talks to whoever has it.
 */
#include "sea.h"

static void
stream_moves_to_and_fro(void **state)
{
    struct sea sea;
    pthread_t threads[2];
    char out[3] = "m?", in;
    int fd;

    (void)state;
    sea_open(&sea, NULL, NULL, threads);
    fd = dial(sea.port);
    for (int i = 0; i < ROUNDS; i++) {
        out[1] = (char)('A' + i % 26);
        assert_int_equal(write(fd, out, 2), 2);
        assert_int_equal(read(fd, &in, 1), 1);
        assert_int_equal(in, out[1]);
    }
    assert_int_equal(write(fd, "q", 1), 1);
    assert_int_equal(read(fd, &in, 1), 0);
    close(fd);
    sea_close(&sea, threads);
    assert_int_equal(sea.shores[0].landings + sea.shores[1].landings, ROUNDS);
}

/* An accepted stream of from. */
static struct stream *
arrival(struct loop *from, struct peer *p, int *other)
{
    struct stream *s = stream_over_pair(from, SOCK_STREAM, other);

    stream_accepted(s);
    peer_attach(p, s);
    loop_turn(from);
    return s;
}

static void
a_stream_counts_where_it_was_accepted_to_its_end(void **state)
{
    struct loop *home = loop_new(), *away = loop_new();
    struct peer here, there = { 0 };
    int other;
    struct stream_parcel *parcel = stream_detach(arrival(home, &here, &other));

    (void)state;
    assert_non_null(parcel);
    loop_turn(home);
    assert_int_equal(loop_accepted_count(home), 1); /* under way */
    there.s = stream_adopt(away, parcel, &peer_handlers, &there);
    assert_int_equal(loop_accepted_count(home), 1);
    assert_int_equal(loop_accepted_count(away), 0);
    peer_fini(away, &there);
    assert_int_equal(loop_accepted_count(home), 0);
    close(other);

    parcel = stream_detach(arrival(home, &here, &other));
    stream_parcel_drop(parcel);
    assert_int_equal(loop_accepted_count(home), 0);
    close(other);
    loop_free(away);
    loop_free(home);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(stream_moves_to_and_fro),
        cmocka_unit_test(a_stream_counts_where_it_was_accepted_to_its_end),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/stream_move", tests, NULL, NULL);
}
