/* SPDX-License-Identifier: MIT */
/*
 * ensure: a failed assertion says where, and aborts.
 */
#include "base/ensure.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "text.h"

static int
evaluated(int *times)
{
    return ++*times;
}

static void
true_condition_is_evaluated_once(void **state)
{
    int times = 0;

    (void)state;
    ENSURE(evaluated(&times) == 1);
    assert_int_equal(times, 1);
}

/* What the child wrote on stderr before it died; its status in *status. */
static struct str
die(char *text, size_t size, int *status)
{
    size_t len = 0;
    ssize_t n;
    int ends[2];
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        signal(SIGABRT, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        ENSURE(1 + 1 == 3);
        _exit(0);
    }
    close(ends[1]);
    while (len < size && (n = read(ends[0], text + len, size - len)) > 0)
        len += (size_t)n;
    close(ends[0]);
    assert_int_equal(waitpid(child, status, 0), child);
    return str_slice(text, len);
}

static void
false_condition_names_itself_and_aborts(void **state)
{
    char text[512];
    int status;
    struct str said = die(text, sizeof(text), &status);

    (void)state;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_true(str_contains(said, "1 + 1 == 3"));
    assert_true(str_contains(said, "ensure_test.c"));
    assert_true(str_contains(said, "die"));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(true_condition_is_evaluated_once),
        cmocka_unit_test(false_condition_names_itself_and_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
