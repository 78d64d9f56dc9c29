/* SPDX-License-Identifier: MIT */
/*
 * Tests of redis_request: what goes over the wire, and what a value that comes back belongs to.
 */
#include "redis_request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "redis/redis_link.h"

#define STRING(s)                                                                                  \
    {                                                                                              \
        .kind = REDIS_STRING, .text = { s, sizeof(s) - 1 }                                         \
    }
#define ARRAY(a)                                                                                   \
    {                                                                                              \
        .kind = REDIS_ARRAY, .items = a, .count = sizeof(a) / sizeof((a)[0])                       \
    }

static void
expect_bytes(struct bytes *request, const char *text)
{
    assert_true(str_is(bytes_str(request), text));
    bytes_unref(request);
}

static void
request_is_an_array_of_strings(void **state)
{
    (void)state;
    expect_bytes(redis_request_new(&STR_LIT("PING"), 1), "*1\r\n$4\r\nPING\r\n");
    expect_bytes(redis_request_new(
                     (const struct str[]){ STR_LIT("SET"), STR_LIT("k"), str_slice(NULL, 0) }, 3),
        "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$0\r\n\r\n");
}

static void
note_integer(void *owner, const struct redis_value *reply)
{
    *(long long *)owner = reply ? reply->integer : -1;
}

static void
replies_go_to_the_oldest_first(void **state)
{
    struct redis_requests r;
    long long first = 0, second = 0;

    (void)state;
    redis_request_init(&r);
    redis_request_await(&r, note_integer, &first);
    redis_request_await(&r, NULL, NULL);
    redis_request_await(&r, note_integer, &second);
    for (long long i = 1; i <= 2; i++)
        assert_true(
            redis_request_answer(&r, &(struct redis_value){ .kind = REDIS_INTEGER, .integer = i }));
    assert_int_equal(first, 1);
    assert_int_equal(second, 0);
    assert_true(redis_request_answer(&r, NULL));
    assert_int_equal(second, -1);
    assert_false(redis_request_answer(&r, NULL));
    redis_request_await(&r, note_integer, &first);
    redis_request_fini(&r);
    assert_int_equal(first, 1);
}

static void
only_a_subscription_brings_what_is_unasked(void **state)
{
    static const struct redis_value number = { .kind = REDIS_INTEGER, .integer = 1 };
    static const struct redis_value error = { .kind = REDIS_ERROR, .text = { "NOPERM", 6 } };
    static const struct redis_value message[] = { STRING("pmessage"), STRING("p*"), STRING("pa"),
        STRING("x") };
    static const struct redis_value damaged[] = { STRING("pmessage"), STRING("p*"), STRING("pa"),
        { .kind = REDIS_NIL } };
    static const struct redis_value ours[] = { STRING("psubscribe"), STRING("p*"),
        { .kind = REDIS_INTEGER, .integer = 1 } };
    static const struct redis_value others[] = { STRING("psubscribe"), STRING("q*"),
        { .kind = REDIS_INTEGER, .integer = 1 } };
    struct redis_requests r;

    (void)state;
    redis_request_init(&r);
#define UNASKED(a) redis_request_unasked(&r, &(struct redis_value)ARRAY(a))
    assert_int_equal(UNASKED(message), REDIS_UNASKED_STRANGE);
    expect_bytes(
        redis_request_subscribe(&r, STR_LIT("p*")), "*2\r\n$10\r\nPSUBSCRIBE\r\n$2\r\np*\r\n");
    bytes_unref(redis_request_subscribe(&r, STR_LIT("r*")));
    assert_int_equal(UNASKED(message), REDIS_UNASKED_MESSAGE);
    assert_int_equal(UNASKED(ours), REDIS_UNASKED_CONFIRMATION);
    assert_int_equal(UNASKED(others), REDIS_UNASKED_STRANGE);
    assert_int_equal(UNASKED(damaged), REDIS_UNASKED_STRANGE);
    assert_int_equal(redis_request_unasked(&r, &number), REDIS_UNASKED_STRANGE);
    assert_int_equal(redis_request_unasked(&r, &error), REDIS_UNASKED_ERROR);
    redis_request_fini(&r);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_an_array_of_strings),
        cmocka_unit_test(replies_go_to_the_oldest_first),
        cmocka_unit_test(only_a_subscription_brings_what_is_unasked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
