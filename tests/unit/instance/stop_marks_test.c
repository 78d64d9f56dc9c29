/* SPDX-License-Identifier: MIT */
/*
 * stop_marks: what a stop forbids and permits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "instance/process.h"
#include "instance/stop_marks.h"
#include "marks.h"

static unsigned
some_port(void)
{
    static unsigned next;

    return 100000 + ((unsigned)getpid() % 10000) * 10 + next++ % 10;
}

/* A stop of this script, or of one of its own, that came and went. */
static void
stop(const char *host, unsigned port, bool own_script)
{
    pid_t pid = fork();

    if (pid == 0) {
        pid = own_script ? fork() : 0;
        if (pid == 0)
            stop_marks_leave(host, port);
        else
            waitpid(pid, NULL, 0);
        _exit(0);
    }
    waitpid(pid, NULL, 0);
}

/* As PIDs go on, this is a birth after all those of before. */
static struct process_birth
born_now(void)
{
    struct process_birth birth = { 0 };
    pid_t pid = fork();

    if (pid == 0) {
        pause();
        _exit(0);
    }
    assert_true(process_read_birth(pid, &birth));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return birth;
}

static void
a_start_that_was_born_before_a_stop_is_forbidden(void **state)
{
    unsigned port = some_port();
    struct process_birth before = born_now(), after;

    (void)state;
    assert_false(stop_marks_forbid(NULL, port, &before));
    stop(NULL, port, false);
    after = born_now();
    assert_true(stop_marks_forbid(NULL, port, &before));
    assert_false(stop_marks_forbid(NULL, port, &after));
    assert_false(stop_marks_take(NULL, port, &before));
    assert_true(stop_marks_take(NULL, port, &after));
    assert_false(stop_marks_forbid(NULL, port, &before));
}

static void
each_mark_is_taken_once_and_nothing_is_left(void **state)
{
    unsigned port = some_port();
    struct process_birth start;

    (void)state;
    stop(NULL, port, true);
    stop(NULL, port, true);
    start = born_now();
    assert_int_equal(marks_count(port, false), 2);
    assert_true(stop_marks_take(NULL, port, &start));
    assert_true(stop_marks_take(NULL, port, &start));
    assert_false(stop_marks_take(NULL, port, &start));
    assert_int_equal(marks_count(port, false), 0);
}

static void
stops_of_one_script_are_one_mark(void **state)
{
    unsigned port = some_port();
    struct process_birth start;

    (void)state;
    stop(NULL, port, false);
    stop(NULL, port, false);
    start = born_now();
    assert_true(stop_marks_take(NULL, port, &start));
    assert_false(stop_marks_take(NULL, port, &start));
}

/* A start of this script takes a mark. */
static bool
start_takes(unsigned port)
{
    pid_t pid = fork();
    int status = 1;

    if (pid == 0) {
        struct process_birth self = process_own_birth();

        _exit(stop_marks_take(NULL, port, &self) ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    return status == 0;
}

static void
a_start_prefers_the_mark_of_its_own_script(void **state)
{
    unsigned port = some_port();
    struct process_birth between;

    (void)state;
    stop(NULL, port, true);
    between = born_now();
    stop(NULL, port, false);
    assert_true(start_takes(port));
    /* The one that is left is the stranger's, which is older. */
    assert_false(stop_marks_forbid(NULL, port, &between));
    assert_true(stop_marks_take(NULL, port, &between));
}

static void
another_address_is_another_server(void **state)
{
    unsigned port = some_port();
    struct process_birth before = born_now(), after;

    (void)state;
    stop("127.0.0.1", port, false);
    after = born_now();
    assert_false(stop_marks_forbid("127.0.0.2", port, &before));
    assert_false(stop_marks_take("127.0.0.2", port, &after));
    assert_true(stop_marks_forbid(NULL, port, &before));
    assert_true(stop_marks_take("localhost", port, &after));
}

/* A file of the given name after the port, as this user or as another makes it. */
static void
make_file(unsigned port, const char *name, uid_t user)
{
    pid_t pid = fork();
    char path[128];

    snprintf(path, sizeof(path), "/dev/shm/echo-server-stop-%u-%s", port, name);
    if (pid == 0)
        _exit(setuid(user) == 0 && close(open(path, O_WRONLY | O_CREAT, 0666)) == 0 ? 0 : 1);
    waitpid(pid, NULL, 0);
    assert_int_equal(access(path, F_OK), 0);
}

static void
a_broken_name_says_nothing(void **state)
{
    const char *const names[] = { "", "x", "1", "1-2-3", "1-2-3-4-5",
        "99999999999999999999999-1-" };
    unsigned port = some_port();
    struct process_birth start = born_now();

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        make_file(port, names[i], getuid());
    assert_false(stop_marks_forbid(NULL, port, &start));
    assert_false(stop_marks_take(NULL, port, &start));
    marks_count(port, true);
}

enum { STRANGER = 65534, SITE = 65533, FLOOD = 40 };

/* Marks for the whole machine, of any age: as names of files they are all right. */
static void
another_users_marks_count_as_absent(void **state)
{
    unsigned port = some_port();
    struct process_birth before = born_now(), after;
    char name[64];

    (void)state;
    if (geteuid() != 0)
        skip();
    for (int i = 0; i < FLOOD; i++) {
        snprintf(name, sizeof(name), "%" PRIu64 "-%d-0-0-x-*", before.ticks + 100, i + 1);
        make_file(port, name, STRANGER);
    }
    assert_false(stop_marks_forbid(NULL, port, &before));
    assert_false(stop_marks_take(NULL, port, &before));
    stop(NULL, port, false);
    after = born_now();
    assert_true(stop_marks_forbid(NULL, port, &before));
    assert_true(stop_marks_take(NULL, port, &after));
    assert_int_equal(marks_count(port, true), FLOOD);
}

static void
a_stop_of_root_forbids_a_start_of_anybody(void **state)
{
    unsigned port = some_port();
    struct process_birth before = born_now(), after;
    bool forbids, takes;

    (void)state;
    if (geteuid() != 0)
        skip();
    stop(NULL, port, false);
    after = born_now();
    assert_int_equal(seteuid(SITE), 0);
    forbids = stop_marks_forbid(NULL, port, &before) && !stop_marks_forbid(NULL, port, &after);
    takes = stop_marks_take(NULL, port, &after);
    assert_int_equal(seteuid(0), 0);
    assert_true(forbids);
    assert_false(takes);
    assert_int_equal(marks_count(port, true), 1);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_that_was_born_before_a_stop_is_forbidden),
        cmocka_unit_test(each_mark_is_taken_once_and_nothing_is_left),
        cmocka_unit_test(stops_of_one_script_are_one_mark),
        cmocka_unit_test(a_start_prefers_the_mark_of_its_own_script),
        cmocka_unit_test(another_address_is_another_server),
        cmocka_unit_test(a_broken_name_says_nothing),
        cmocka_unit_test(another_users_marks_count_as_absent),
        cmocka_unit_test(a_stop_of_root_forbids_a_start_of_anybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
