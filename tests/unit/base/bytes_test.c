/* SPDX-License-Identifier: MIT */
/*
 * bytes: counted, immutable, shared between threads.
 */
#include "base/bytes.h"

#include <pthread.h>

#include "text.h"

enum { THREADS = 4, ROUNDS = 20000 };

static void
copy_is_independent_of_its_source(void **state)
{
    char source[] = "ab\0c";
    struct bytes *b = bytes_new(source, 4);

    (void)state;
    source[0] = 'x';
    assert_raw(bytes_str(b), "ab\0c");
    bytes_unref(b);
}

static void
nothing_is_fine(void **state)
{
    struct bytes *b = bytes_new(NULL, 0);

    (void)state;
    assert_int_equal(b->len, 0);
    bytes_unref(b);
    bytes_unref(NULL);
}

static void
last_holder_frees(void **state)
{
    struct bytes *b = bytes_alloc(3);

    (void)state;
    memcpy(b->data, "xyz", 3);
    assert_ptr_equal(bytes_ref(b), b);
    assert_int_equal(atomic_load(&b->refs), 2);
    bytes_unref(b);
    assert_str(bytes_str(b), "xyz");
    bytes_unref(b);
}

static void *
hold_and_let_go(void *arg)
{
    struct bytes *b = arg;

    for (int i = 0; i < ROUNDS; i++) {
        bytes_ref(b);
        bytes_unref(b);
    }
    bytes_unref(b);
    return NULL;
}

static void
threads_share_one(void **state)
{
    struct bytes *b = bytes_new("shared", 6);
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hold_and_let_go, bytes_ref(b)), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&b->refs), 1);
    bytes_unref(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(copy_is_independent_of_its_source),
        cmocka_unit_test(nothing_is_fine),
        cmocka_unit_test(last_holder_frees),
        cmocka_unit_test(threads_share_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
