/* SPDX-License-Identifier: MIT */
/*
 * fields: lengths are believed only as far as they go.
 */
#include "cluster/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"

static void
fields_come_back(void **state)
{
    struct buffer b = { 0 };
    struct str rest, field;
    uint64_t n;

    (void)state;
    fields_put(&b, STR_LIT("a:1\0b"));
    fields_put_u64(&b, UINT64_MAX);
    fields_put(&b, STR_LIT(""));
    rest = buffer_str(&b);
    assert_true(fields_take(&rest, &field) && str_equal(field, STR_LIT("a:1\0b")));
    assert_true(fields_take_u64(&rest, &n) && n == UINT64_MAX);
    assert_true(fields_take(&rest, &field) && field.len == 0);
    assert_false(fields_take(&rest, &field));
    buffer_fini(&b);
}

static void
damaged_fields_are_refused(void **state)
{
    static const char *const table[] = { "", ":", "x", "3:ab", "-1:a", "1", " 1:a", "99999999999:a",
        "18446744073709551616:a", "+1:a", "1 :a" };
    struct str field;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(table); i++) {
        struct str rest = str_of(table[i]);

        if (fields_take(&rest, &field))
            fail_msg("taken: %s", table[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_come_back),
        cmocka_unit_test(damaged_fields_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
