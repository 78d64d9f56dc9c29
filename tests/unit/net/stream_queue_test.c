/* SPDX-License-Identifier: MIT */
/*
 * Tests of the stream's queue: order across the slots and the ring, and partial writes.
 */
#include "stream_priv.h"

#include "base/bytes.h"
#include "peer.h"

/* Push numbered elements of 4 bytes and take odd amounts: what comes out is what went in. */
static void
order_survives_growth_and_partial_writes(void **state)
{
    struct stream_queue q;
    uint32_t pushed = 0, in = 0;
    size_t out = 0;

    (void)state;
    stream_queue_init(&q);
    for (unsigned step = 1; step < 3000; step++) {
        for (unsigned i = 0; i < step * 7 % 23; i++, in++, pushed++)
            stream_queue_push(&q, bytes_new((const char *)&in, sizeof(in)));
        for (unsigned i = 0; i < step * 5 % 11 && q.count > 0; i++) {
            char room[64];
            struct str s = stream_queue_join(&q, room, step % 64 + 1);

            for (size_t k = 0; k < s.len; k++) {
                uint32_t expected = (uint32_t)((out + k) / 4);

                assert_int_equal(s.data[k], ((const char *)&expected)[(out + k) % 4]);
            }
            out += s.len;
            stream_queue_take(&q, s.len);
        }
        assert_int_equal(q.total_bytes, pushed * 4 - out);
    }
    stream_queue_fini(&q);
}

static void
drained_ring_is_given_back(void **state)
{
    struct stream_queue q;

    (void)state;
    stream_queue_init(&q);
    for (int i = 0; i < 5; i++)
        stream_queue_push(&q, bytes_new("x", 1));
    assert_true(q.capacity > STREAM_QUEUE_INLINE);
    stream_queue_take(&q, 4);
    assert_true(q.capacity > STREAM_QUEUE_INLINE);
    stream_queue_take(&q, 1);
    assert_int_equal(q.capacity, STREAM_QUEUE_INLINE);
    assert_int_equal(q.capacity, STREAM_QUEUE_INLINE);
    stream_queue_fini(&q);
}

static void
one_element_is_joined_without_a_copy(void **state)
{
    struct stream_queue q;
    struct bytes *b = bytes_new("hello", 5);
    char room[16];

    (void)state;
    stream_queue_init(&q);
    stream_queue_push(&q, b);
    assert_ptr_equal(stream_queue_join(&q, room, sizeof(room)).data, b->data);
    stream_queue_take(&q, 2);
    assert_ptr_equal(stream_queue_join(&q, room, sizeof(room)).data, b->data + 2);
    assert_ptr_equal(stream_queue_first(&q), b->data + 2);
    stream_queue_fini(&q);
}

static void
weight_is_ones_part_of_what_is_shared(void **state)
{
    enum { LEN = 1000, COUNT = 5000 };
    struct stream_queue q, other;
    struct bytes *b = bytes_alloc(LEN);

    (void)state;
    memset(b->data, 'x', LEN);
    stream_queue_init(&q);
    stream_queue_init(&other);
    for (int i = 0; i < COUNT; i++)
        stream_queue_push(&q, bytes_new(b->data, LEN));
    assert_in_range(stream_queue_weight(&q), COUNT * LEN, COUNT * (LEN + 100));
    stream_queue_push(&other, bytes_ref(b));
    assert_in_range(stream_queue_weight(&other), LEN / 2, LEN / 2 + 100);
    bytes_unref(b);
    assert_in_range(stream_queue_weight(&other), LEN, LEN + 100);
    stream_queue_fini(&q);
    stream_queue_fini(&other);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_survives_growth_and_partial_writes),
        cmocka_unit_test(drained_ring_is_given_back),
        cmocka_unit_test(one_element_is_joined_without_a_copy),
        cmocka_unit_test(weight_is_ones_part_of_what_is_shared),
    };

    return cmocka_run_group_tests_name("net/stream_queue", tests, NULL, NULL);
}
