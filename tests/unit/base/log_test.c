/* SPDX-License-Identifier: MIT */
/*
 * log: one write a line on stderr, peers' values made fit for it.
 */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static int ends[2], stderr_before;

static int
catch_stderr(void **state)
{
    (void)state;
    stderr_before = dup(STDERR_FILENO);
    return pipe(ends) || dup2(ends[1], STDERR_FILENO) < 0 || close(ends[1]);
}

static int
release_stderr(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_NOTICE);
    dup2(stderr_before, STDERR_FILENO);
    close(stderr_before);
    return close(ends[0]);
}

/* All that was logged; one read, since a line is one write. */
static struct str
logged(void)
{
    static char text[8192];
    ssize_t n;

    dup2(stderr_before, STDERR_FILENO);
    n = read(ends[0], text, sizeof(text));
    return str_slice(text, n > 0 ? (size_t)n : 0);
}

static void
line_has_time_level_and_words(void **state)
{
    struct str line;

    (void)state;
    log_notice("subscription refused channel=%s status=%d", LOG_STR(STR_LIT("private-x")), 403);
    line = logged();
    assert_true(line.len > 25);
    for (size_t i = 0; i < 25; i++) {
        char form = "dddd-dd-ddTdd:dd:dd.dddZ "[i];
        assert_true(
            form == 'd' ? line.data[i] >= '0' && line.data[i] <= '9' : line.data[i] == form);
    }
    assert_str(str_slice(line.data + 25, line.len - 25),
        "notice subscription refused channel=private-x status=403\n");
}

static void
level_decides_what_is_written(void **state)
{
    (void)state;
    log_info("not at notice");
    log_set_level(LOG_LEVEL_ERROR);
    log_warning("not at error");
    assert_false(log_enabled(LOG_LEVEL_WARNING));
    assert_true(log_enabled(LOG_LEVEL_ERROR));
    assert_int_equal(logged().len, 0);
}

static void
debug_is_written_when_asked_for(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_DEBUG);
    log_debug("deep");
    assert_true(str_ends(logged(), "Z debug deep\n"));
}

static void
long_line_is_cut_and_still_ends(void **state)
{
    struct str line;

    (void)state;
    log_error("%010000d", 1);
    line = logged();
    assert_in_range(line.len, 4000, 4095);
    assert_int_equal(line.data[line.len - 1], '\n');
}

static void
plain_values_stay_bare_and_others_are_quoted(void **state)
{
    (void)state;
    assert_string_equal(LOG_STR(STR_LIT("private-orders.1")), "private-orders.1");
    assert_string_equal(LOG_STR(STR_LIT("")), "\"\"");
    assert_string_equal(LOG_STR(STR_LIT("a b")), "\"a b\"");
    assert_string_equal(LOG_STR(STR_LIT("a=b")), "\"a=b\"");
    assert_string_equal(LOG_STR(STR_LIT("say \"x\" \\")), "\"say \\\"x\\\" \\\\\"");
    assert_string_equal(LOG_STR(STR_LIT("Größe €")), "\"Größe €\"");
}

static void
control_characters_and_bad_utf8_are_escaped(void **state)
{
    (void)state;
    assert_string_equal(LOG_STR(STR_LIT("a\nb\x1b[0m\x7f")), "\"a\\x0ab\\x1b[0m\\x7f\"");
    assert_string_equal(LOG_STR(RAW("a\0b")), "\"a\\x00b\"");
    assert_string_equal(LOG_STR(STR_LIT("a\xe2\x80\xae"
                                        "b")),
        "\"a\\xe2\\x80\\xaeb\"");
    assert_string_equal(
        LOG_STR(STR_LIT("\xe2\x80\xa8\xe2\x80\x8b")), "\"\\xe2\\x80\\xa8\\xe2\\x80\\x8b\"");
    assert_string_equal(LOG_STR(STR_LIT("\xef\xbb\xbf\xd8\x9c\xe2\x81\xa6")),
        "\"\\xef\\xbb\\xbf\\xd8\\x9c\\xe2\\x81\\xa6\"");
    /* Their neighbours are letters. */
    assert_string_equal(
        LOG_STR(STR_LIT("\xe2\x80\x94\xe2\x82\xac")), "\"\xe2\x80\x94\xe2\x82\xac\"");
    assert_string_equal(LOG_STR(STR_LIT("\xff\xc3")), "\"\\xff\\xc3\"");
    /* CSI as one character of C1. */
    assert_string_equal(LOG_STR(STR_LIT("\xc2\x9b"
                                        "2J")),
        "\"\\xc2\\x9b2J\"");
    assert_string_equal(LOG_STR(STR_LIT("\xc2\xa0")), "\"\xc2\xa0\"");
}

static void
long_value_is_cut_with_dots(void **state)
{
    char text[1000], out[LOG_VALUE_SIZE];

    (void)state;
    memset(text, 'x', sizeof(text));
    log_value(str_slice(text, sizeof(text)), out);
    assert_true(strlen(out) < LOG_VALUE_SIZE && strlen(out) > LOG_VALUE_SIZE - 10);
    assert_true(str_ends(str_of(out), "xxx..."));
    memset(text, '\n', sizeof(text));
    log_value(str_slice(text, sizeof(text)), out);
    assert_true(strlen(out) < LOG_VALUE_SIZE);
    assert_true(str_ends(str_of(out), "\\x0a...\""));
    for (size_t n = 230; n < 260; n++) {
        memset(text, 'x', n);
        text[0] = ' ';
        assert_true(strlen(log_value(str_slice(text, n), out)) < LOG_VALUE_SIZE);
    }
}

static void
each_text_is_first_once(void **state)
{
    (void)state;
    assert_true(log_first(STR_LIT("a")));
    assert_true(log_first(STR_LIT("b")));
    assert_false(log_first(STR_LIT("b")));
    assert_false(log_first(STR_LIT("a")));
}

static void
past_a_thousand_texts_nothing_is_first(void **state)
{
    unsigned firsts = 0;
    char text[32];

    (void)state;
    for (int i = 0; i < 2000; i++) {
        (void)snprintf(text, sizeof(text), "text %d", i);
        firsts += log_first(str_of(text));
    }
    assert_in_range(firsts, 1000, 1024);
}

static void
what_happens_again_is_counted_and_said_once_a_period(void **state)
{
    struct log_gate g = { 0 };

    (void)state;
    assert_int_equal(log_gate_pass(&g, 1000, 100, 1), 1);
    assert_int_equal(log_gate_pass(&g, 1001, 100, 1), 0);
    assert_int_equal(log_gate_pass(&g, 1099, 100, 1), 0);
    assert_int_equal(log_gate_pass(&g, 1100, 100, 1), 3);
    assert_int_equal(log_gate_pass(&g, 1199, 100, 1), 0);
    assert_int_equal(log_gate_pass(&g, 5000, 100, 1), 2);
}

static void
so_many_pass_in_a_period(void **state)
{
    struct log_gate g = { 0 };
    unsigned logged = 0;

    (void)state;
    for (uint64_t ms = 1000; ms < 1100; ms++)
        logged += log_gate_pass(&g, ms, 100, 7) > 0;
    assert_int_equal(logged, 7);
    assert_int_equal(log_gate_pass(&g, 1100, 100, 7), 94);
    assert_int_equal(log_gate_pass(&g, 1100, 100, 7), 1);
}

static void
cause_line(void)
{
    log_gated(LOG_LEVEL_NOTICE, 3, "peer a=%d", 7);
}

static void
gated_line_is_written_so_often(void **state)
{
    struct str text;
    size_t lines = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        cause_line();
    text = logged();
    for (size_t i = 0; i < text.len; i++)
        lines += text.data[i] == '\n';
    assert_int_equal(lines, 3);
    assert_true(str_ends(text, " notice peer a=7\n"));
}

static void
repeated_line_says_how_often_it_happened(void **state)
{
    struct str text;

    (void)state;
    log_times(LOG_LEVEL_WARNING, 1, "once");
    log_times(LOG_LEVEL_WARNING, 5, "%05000d", 5);
    text = logged();
    assert_null(memmem(text.data, 60, "times=", 6));
    assert_true(str_ends(text, "0000 times=5\n")); /* said even where the line is cut */
}

static int
count(int *n)
{
    return ++*n;
}

static void
line_that_does_not_pass_is_not_made(void **state)
{
    int made = 0;

    (void)state;
    for (int i = 0; i < 1000; i++)
        log_gated(LOG_LEVEL_NOTICE, 3, "peer a=%d", count(&made));
    for (int i = 0; i < 1000; i++)
        log_gated(LOG_LEVEL_INFO, 3, "below the level a=%d", count(&made));
    assert_int_equal(made, 3);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            gated_line_is_written_so_often, catch_stderr, release_stderr),
        cmocka_unit_test_setup_teardown(
            line_that_does_not_pass_is_not_made, catch_stderr, release_stderr),
        cmocka_unit_test_setup_teardown(
            repeated_line_says_how_often_it_happened, catch_stderr, release_stderr),
        cmocka_unit_test_setup_teardown(
            line_has_time_level_and_words, catch_stderr, release_stderr),
        cmocka_unit_test_setup_teardown(
            level_decides_what_is_written, catch_stderr, release_stderr),
        cmocka_unit_test_setup_teardown(
            debug_is_written_when_asked_for, catch_stderr, release_stderr),
        cmocka_unit_test_setup_teardown(
            long_line_is_cut_and_still_ends, catch_stderr, release_stderr),
        cmocka_unit_test(plain_values_stay_bare_and_others_are_quoted),
        cmocka_unit_test(control_characters_and_bad_utf8_are_escaped),
        cmocka_unit_test(long_value_is_cut_with_dots),
        cmocka_unit_test(each_text_is_first_once),
        cmocka_unit_test(past_a_thousand_texts_nothing_is_first),
        cmocka_unit_test(what_happens_again_is_counted_and_said_once_a_period),
        cmocka_unit_test(so_many_pass_in_a_period),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
