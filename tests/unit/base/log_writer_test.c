/* SPDX-License-Identifier: MIT */
/*
 * log_writer: nobody waits for stderr, nothing that was taken is lost, and what was not is counted.
 * Each test is a child of its own, since a writer that is stuck stays so.
 */
#include "base/log_writer.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ensure.h"
#include "base/log.h"
#include "text.h"

enum { THREADS = 4, EACH = 500, MANY = 20000, WORDS = 100 };

/* Runs body with a pipe for stderr; the parent reads nothing before body has written a byte to
 * go, then everything. */
struct run {
    char *text; /* NUL-terminated */
    size_t len;
    int status;
};

static int go_ends[2];

static void
let_read(void)
{
    assert_int_equal(write(go_ends[1], "x", 1), 1);
}

static struct run
run(void (*body)(void))
{
    struct run r = { .text = malloc(1 << 24) };
    int ends[2];
    ssize_t n;
    char byte;
    pid_t child;

    assert_int_equal(pipe(ends) | pipe(go_ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        body();
        _exit(0);
    }
    close(ends[1]);
    close(go_ends[1]);
    (void)!read(go_ends[0], &byte, 1);
    while ((n = read(ends[0], r.text + r.len, (1 << 24) - 1 - r.len)) > 0)
        r.len += (size_t)n;
    r.text[r.len] = '\0';
    close(ends[0]);
    close(go_ends[0]);
    assert_int_equal(waitpid(child, &r.status, 0), child);
    return r;
}

static void
log_number(long thread, long number)
{
    char words[WORDS];

    memset(words, 'w', sizeof(words));
    log_warning("line thread=%ld number=%ld %.*s", thread, number, WORDS, words);
}

/* The numbers of a thread's lines, which must be in order and without a gap; how many there are. */
static long
count_lines(const char *text, long thread)
{
    char mark[60];
    long expected = 0;

    snprintf(mark, sizeof(mark), "line thread=%ld number=", thread);
    for (const char *at = strstr(text, mark); at; at = strstr(at + 1, mark), expected++)
        assert_int_equal(strtol(at + strlen(mark), NULL, 10), expected);
    return expected;
}

/* ---- lines of several threads ---- */

static void *
log_each(void *arg)
{
    for (long i = 0; i < EACH; i++)
        log_number((long)arg, i);
    return NULL;
}

static void
log_from_threads(void)
{
    pthread_t threads[THREADS];

    let_read();
    ENSURE(log_writer_start(log_lost));
    for (long t = 0; t < THREADS; t++)
        ENSURE(pthread_create(&threads[t], NULL, log_each, (void *)t) == 0);
    for (long t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    log_writer_stop(20000);
    log_warning("last");
}

static void
lines_of_all_threads_are_whole_and_in_order(void **state)
{
    struct run r = run(log_from_threads);
    size_t lines = 0;

    (void)state;
    assert_int_equal(r.status, 0);
    for (long t = 0; t < THREADS; t++)
        assert_int_equal(count_lines(r.text, t), EACH);
    for (size_t i = 0; i < r.len; i++)
        lines += r.text[i] == '\n';
    assert_int_equal(lines, THREADS * EACH + 1);
    assert_true(str_ends(str_of(r.text), " warning last\n"));
    free(r.text);
}

/* ---- a stderr that is not read for a while ---- */

static void
log_too_much(void)
{
    ENSURE(log_writer_start(log_lost));
    for (long i = 0; i < MANY; i++)
        log_number(0, i);
    let_read();
    log_writer_stop(20000);
}

static void
lines_without_room_are_counted(void **state)
{
    struct run r = run(log_too_much);
    long written = count_lines(r.text, 0);
    const char *said = strstr(r.text, "were lost, because nobody read them lines=");

    (void)state;
    assert_int_equal(r.status, 0);
    assert_true(written > 1000 && written < MANY);
    assert_non_null(said);
    assert_int_equal(strtol(strchr(said, '=') + 1, NULL, 10), MANY - written);
    free(r.text);
}

/* ---- the end ---- */

static void
stop_unread(void)
{
    ENSURE(log_writer_start(log_lost));
    for (long i = 0; i < MANY; i++)
        log_number(0, i);
    log_writer_stop(50);
    log_warning("this one does not wait either");
    let_read();
}

static void
end_does_not_wait_for_ever(void **state)
{
    struct run r = run(stop_unread);

    (void)state;
    assert_int_equal(r.status, 0);
    assert_null(strstr(r.text, "does not wait either"));
    free(r.text);
}

static void
fail_read(void)
{
    let_read();
    ENSURE(log_writer_start(log_lost));
    for (long i = 0; i < EACH; i++)
        log_number(0, i);
    ENSURE(1 + 1 == 3);
}

static void
failed_assertion_comes_after_all_lines(void **state)
{
    struct run r = run(fail_read);
    const char *said = strstr(r.text, "ENSURE(1 + 1 == 3)");

    (void)state;
    assert_true(WIFSIGNALED(r.status) && WTERMSIG(r.status) == SIGABRT);
    assert_int_equal(count_lines(r.text, 0), EACH);
    assert_non_null(said);
    assert_null(strstr(said, "line thread"));
    free(r.text);
}

static void
fail_unread(void)
{
    ENSURE(log_writer_start(log_lost));
    for (long i = 0; i < MANY; i++)
        log_number(0, i);
    close(go_ends[1]); /* the parent waits for its end, too: nobody reads before the abort */
    ENSURE(1 + 1 == 3);
}

static void
failed_assertion_aborts_though_nobody_reads(void **state)
{
    pid_t child = fork();
    int ends[2], status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        ENSURE(pipe(ends) == 0 && pipe(go_ends) == 0);
        dup2(ends[1], STDERR_FILENO);
        fail_unread();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static void
without_it_lines_are_written_at_once(void **state)
{
    (void)state;
    assert_false(log_writer_take("x\n", 2));
    log_writer_flush(1000);
    log_writer_stop(1000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_it_lines_are_written_at_once),
        cmocka_unit_test(lines_of_all_threads_are_whole_and_in_order),
        cmocka_unit_test(lines_without_room_are_counted),
        cmocka_unit_test(end_does_not_wait_for_ever),
        cmocka_unit_test(failed_assertion_comes_after_all_lines),
        cmocka_unit_test(failed_assertion_aborts_though_nobody_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
