/* SPDX-License-Identifier: MIT */
/*
 * buffer: bytes that grow at the end.
 */
#include "base/buffer.h"

#include "base/bytes.h"
#include "text.h"

static void
all_zero_is_an_empty_buffer(void **state)
{
    struct buffer b = { 0 };

    (void)state;
    assert_int_equal(buffer_str(&b).len, 0);
    buffer_append(&b, NULL, 0);
    buffer_consume(&b, 0);
    buffer_clear(&b);
    buffer_fini(&b);
}

static void
appends_of_every_kind_stand_in_order(void **state)
{
    struct buffer b;

    (void)state;
    buffer_init(&b);
    buffer_append(&b, "ab\0c", 4);
    buffer_append_str(&b, STR_LIT("de"));
    buffer_append_text(&b, "fg");
    buffer_append_char(&b, 'h');
    buffer_append_u64(&b, 0);
    buffer_append_u64(&b, UINT64_MAX);
    buffer_printf(&b, "%s-%d", "x", -5);
    assert_raw(buffer_str(&b), "ab\0cdefgh018446744073709551615x--5");
    buffer_fini(&b);
}

static void
content_survives_growth(void **state)
{
    struct buffer b = { 0 };

    (void)state;
    for (unsigned i = 0; i < 100000; i++)
        buffer_append_char(&b, (char)(i % 251));
    assert_int_equal(b.len, 100000);
    assert_true(b.capacity >= b.len && b.capacity < 200000);
    for (unsigned i = 0; i < 100000; i++)
        assert_int_equal((uint8_t)b.data[i], i % 251);
    buffer_fini(&b);
}

static void
reserve_gives_room_behind_the_content(void **state)
{
    struct buffer b = { 0 };
    char *at;

    (void)state;
    assert_non_null(buffer_reserve(&b, 0));
    buffer_append_text(&b, "abc");
    at = buffer_reserve(&b, 1000);
    assert_ptr_equal(at, b.data + 3);
    memset(at, 'x', 1000);
    assert_int_equal(b.len, 3);
    buffer_fini(&b);
}

static void
printf_writes_what_is_longer_than_any_first_guess(void **state)
{
    struct buffer b = { 0 };

    (void)state;
    buffer_printf(&b, "%05000d", 7);
    assert_int_equal(b.len, 5000);
    assert_int_equal(b.data[4999], '7');
    buffer_printf(&b, "%s", "");
    assert_int_equal(b.len, 5000);
    buffer_fini(&b);
}

static void
consume_forgets_the_beginning(void **state)
{
    struct buffer b = { 0 };

    (void)state;
    buffer_append_text(&b, "abcdef");
    buffer_consume(&b, 2);
    assert_str(buffer_str(&b), "cdef");
    buffer_consume(&b, 4);
    assert_int_equal(b.len, 0);
    buffer_append_text(&b, "x");
    assert_str(buffer_str(&b), "x");
    buffer_fini(&b);
}

static void
to_bytes_empties_the_buffer_and_keeps_its_memory(void **state)
{
    struct buffer b = { 0 };
    struct bytes *first, *second, *none;
    char *memory;

    (void)state;
    none = buffer_to_bytes(&b);
    assert_int_equal(none->len, 0);
    buffer_append_text(&b, "one");
    memory = b.data;
    first = buffer_to_bytes(&b);
    assert_int_equal(b.len, 0);
    assert_ptr_equal(b.data, memory);
    buffer_append_text(&b, "two");
    second = buffer_to_bytes(&b);
    assert_str(bytes_str(first), "one");
    assert_str(bytes_str(second), "two");
    bytes_unref(none);
    bytes_unref(first);
    bytes_unref(second);
    buffer_fini(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_zero_is_an_empty_buffer),
        cmocka_unit_test(appends_of_every_kind_stand_in_order),
        cmocka_unit_test(content_survives_growth),
        cmocka_unit_test(reserve_gives_room_behind_the_content),
        cmocka_unit_test(printf_writes_what_is_longer_than_any_first_guess),
        cmocka_unit_test(consume_forgets_the_beginning),
        cmocka_unit_test(to_bytes_empties_the_buffer_and_keeps_its_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
