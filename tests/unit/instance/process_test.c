/* SPDX-License-Identifier: MIT */
/*
 * process: who was born first, and what passes for a laravel-echo-server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "instance/process.h"

static void
a_child_is_younger_than_its_parent(void **state)
{
    struct process_birth self = process_own_birth(), child;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        for (;;)
            pause();
    assert_int_equal(self.pid, getpid());
    assert_true(process_read_birth(pid, &child));
    assert_true(process_is_younger(&child, &self));
    assert_false(process_is_younger(&self, &child));
    assert_false(process_is_younger(&self, &self));
    assert_true(process_is_same(&self, &self));
    assert_false(process_is_same(&self, &child));
    assert_true(process_age_s(&child) < 3600);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void
within_a_tick_pids_tell_also_where_they_begin_anew(void **state)
{
    const struct process_birth first = { 7, 32760 }, second = { 7, 32761 }, third = { 7, 310 };

    (void)state;
    assert_true(process_is_younger(&second, &first));
    assert_true(process_is_younger(&third, &second));
    assert_false(process_is_younger(&first, &third));
}

static void
a_zombie_is_gone(void **state)
{
    struct process_birth birth;
    siginfo_t info;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(0);
    assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
    assert_false(process_read_birth(pid, &birth));
    waitpid(pid, NULL, 0);
    assert_false(process_read_birth(pid, &birth));
    assert_false(process_read_birth(0, &birth));
}

/* A name with brackets and blanks stands in front of the fields. */
static void
a_name_confuses_nobody(void **state)
{
    struct process_birth before = process_own_birth(), after;

    (void)state;
    assert_int_equal(prctl(PR_SET_NAME, "a) S 1 (b"), 0);
    after = process_own_birth();
    assert_true(process_is_same(&before, &after));
}

/* A process with the command line of laravel-echo-server, until its end. */
static pid_t
reference_begin(void)
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        dup2(ready[1], STDOUT_FILENO);
        execlp("sh", "laravel-echo-server", "-c", "echo; read x", (char *)NULL);
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void
a_reference_is_known_by_its_command_line_and_its_age(void **state)
{
    pid_t pid;
    int input[2];

    (void)state;
    assert_int_equal(pipe(input), 0);
    dup2(input[0], STDIN_FILENO);
    pid = reference_begin();
    assert_true(process_is_reference(pid, time(NULL)));
    /* The file is older than the process: its PID was another one's. */
    assert_false(process_is_reference(pid, time(NULL) - 100));
    assert_false(process_is_reference(getpid(), time(NULL)));
    assert_false(process_is_reference(getppid(), time(NULL)));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_false(process_is_reference(pid, time(NULL)));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_is_younger_than_its_parent),
        cmocka_unit_test(within_a_tick_pids_tell_also_where_they_begin_anew),
        cmocka_unit_test(a_zombie_is_gone),
        cmocka_unit_test(a_name_confuses_nobody),
        cmocka_unit_test(a_reference_is_known_by_its_command_line_and_its_age),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
