/* SPDX-License-Identifier: MIT */
/*
 * init_questions: answers as people type them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "args.h"
#include "base/buffer.h"
#include "init_questions.h"

/* NULL: not understood. */
static void
means(enum init_question q, const char *answer, const char *value)
{
    struct buffer error = { 0 };
    char *got = init_questions_understand(q, answer, &error);

    if (value)
        assert_string_equal(got, value);
    else
        assert_null(got);
    assert_int_equal(error.len > 0, !value);
    free(got);
    buffer_fini(&error);
}

static void
yes_and_no_have_many_forms(void **state)
{
    (void)state;
    means(INIT_DEV_MODE, "y", "true");
    means(INIT_DEV_MODE, "YES", "true");
    means(INIT_DEV_MODE, "true", "true");
    means(INIT_DEV_MODE, "n", "false");
    means(INIT_DEV_MODE, "0", "false");
    means(INIT_DEV_MODE, "maybe", NULL);
    means(INIT_DEV_MODE, "", NULL);
}

static void
a_choice_has_a_name_or_a_number(void **state)
{
    (void)state;
    means(INIT_PROTOCOL, "https", "https");
    means(INIT_PROTOCOL, "HTTP", "http");
    means(INIT_PROTOCOL, "2", "https");
    means(INIT_DATABASE, "1", "redis");
    means(INIT_DATABASE, "3", NULL);
    means(INIT_DATABASE, "12", NULL);
}

static void
texts_are_what_their_option_takes(void **state)
{
    (void)state;
    means(INIT_PORT, "7001", "7001");
    means(INIT_PORT, "70000", NULL);
    means(INIT_AUTH_HOST, "https://app.test", "https://app.test");
    means(INIT_AUTH_HOST, "http://", NULL);
    means(INIT_AUTH_HOST, "app.test", NULL);
    means(INIT_CERT_PATH, "", NULL);
    means(INIT_KEY_PREFIX, "", "");
    means(INIT_KEY_PREFIX, "\xff", NULL);
}

static void
each_question_has_a_default_and_a_flag(void **state)
{
    struct args a = { .port = "1", .file = "f", .key_prefix = "" };

    (void)state;
    for (enum init_question q = 0; q < INIT_QUESTIONS; q++) {
        assert_non_null(init_questions_default(q));
        assert_non_null(init_questions_name(q));
    }
    assert_string_equal(init_questions_default(INIT_PORT), "6001");
    assert_string_equal(init_questions_default(INIT_DATABASE), "redis");
    assert_string_equal(init_questions_flag(INIT_PORT, &a), "1");
    assert_string_equal(init_questions_flag(INIT_FILE, &a), "f");
    assert_string_equal(init_questions_flag(INIT_KEY_PREFIX, &a), "");
    assert_null(init_questions_flag(INIT_DEV_MODE, &a));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yes_and_no_have_many_forms),
        cmocka_unit_test(a_choice_has_a_name_or_a_number),
        cmocka_unit_test(texts_are_what_their_option_takes),
        cmocka_unit_test(each_question_has_a_default_and_a_flag),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
