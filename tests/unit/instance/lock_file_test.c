/* SPDX-License-Identifier: MIT */
/*
 * lock_file: who holds it, whatever it says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "instance/lock_file.h"

static char dir[] = "/tmp/echo-lock-XXXXXX";
static char path[64];

static int
make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/test.lock", dir);
    return 0;
}

static int
remove_dir(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static void
write_text(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static enum lock_file_result
take(struct lock_file **lock)
{
    struct buffer error = { 0 };
    enum lock_file_result result = lock_file_take(path, lock, &error);

    buffer_fini(&error);
    return result;
}

/* A process that holds the lock until its standard input ends. */
static pid_t
holder_begin(int pipe_to[2])
{
    int ready[2];
    char byte;
    pid_t pid;

    assert_int_equal(pipe(pipe_to), 0);
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct lock_file *lock;

        close(pipe_to[1]);
        if (take(&lock) != LOCK_FILE_TAKEN)
            _exit(1);
        byte = 1;
        if (write(ready[1], &byte, 1) != 1 || read(pipe_to[0], &byte, 1) < 0)
            _exit(1);
        lock_file_release(lock);
        _exit(0);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(pipe_to[0]);
    return pid;
}

static void
the_holder_is_named_and_its_end_removes_the_file(void **state)
{
    char text[64] = "";
    struct lock_file *lock;
    int to[2], status;
    pid_t named, pid = holder_begin(to);
    char expected[64];
    FILE *file = fopen(path, "r");

    (void)state;
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    snprintf(expected, sizeof(expected), "{\n\t\"process\": %d\n}", (int)pid);
    assert_string_equal(text, expected);
    assert_true(lock_file_holder(path, &named));
    assert_int_equal(named, pid);
    assert_int_equal(take(&lock), LOCK_FILE_HELD);
    close(to[1]);
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(access(path, F_OK), -1);
    assert_false(lock_file_holder(path, &named));
}

static void
a_stale_file_with_a_living_pid_is_nobody_s(void **state)
{
    struct lock_file *lock;
    char text[64];
    pid_t pid;

    (void)state;
    snprintf(text, sizeof(text), "{\n\t\"process\": %d\n}", (int)getppid());
    write_text(text);
    assert_false(lock_file_holder(path, &pid));
    assert_int_equal(pid, 0);
    assert_int_equal(take(&lock), LOCK_FILE_TAKEN);
    lock_file_release(lock);
}

static void
a_killed_holder_leaves_a_file_that_can_be_taken(void **state)
{
    struct lock_file *lock;
    int to[2];
    pid_t named, pid = holder_begin(to);

    (void)state;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    close(to[1]);
    assert_int_equal(access(path, F_OK), 0);
    assert_false(lock_file_holder(path, &named));
    assert_int_equal(take(&lock), LOCK_FILE_TAKEN);
    lock_file_release(lock);
}

static void
what_the_file_says_is_not_believed_by_itself(void **state)
{
    int to[2];
    char text[64];
    pid_t named, pid = holder_begin(to);

    (void)state;
    snprintf(text, sizeof(text), "{\"process\": %d}", (int)getppid());
    write_text(text);
    assert_true(lock_file_holder(path, &named));
    assert_int_equal(named, 0);
    close(to[1]);
    waitpid(pid, NULL, 0);
}

static void
a_file_that_was_removed_and_made_anew_is_left_alone(void **state)
{
    struct lock_file *first, *second;

    (void)state;
    assert_int_equal(take(&first), LOCK_FILE_TAKEN);
    unlink(path);
    assert_int_equal(take(&second), LOCK_FILE_TAKEN);
    lock_file_release(first);
    assert_int_equal(access(path, F_OK), 0);
    lock_file_release(second);
    assert_int_equal(access(path, F_OK), -1);
}

static void
a_folder_that_is_missing_is_named(void **state)
{
    struct buffer error = { 0 };
    struct lock_file *lock;

    (void)state;
    assert_int_equal(lock_file_take("/nonexistent/a.lock", &lock, &error), LOCK_FILE_FAILED);
    assert_non_null(memmem(error.data, error.len, "/nonexistent/a.lock", 19));
    buffer_fini(&error);
}

static void
nobody_else_may_open_it(void **state)
{
    struct lock_file *lock;
    struct stat file;

    (void)state;
    unlink(path);
    assert_int_equal(take(&lock), LOCK_FILE_TAKEN);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 077, 0);
    lock_file_release(lock);
}

static void
a_pipe_in_its_place_is_not_waited_for(void **state)
{
    struct lock_file *lock;
    pid_t pid;

    (void)state;
    unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
    alarm(5);
    assert_false(lock_file_holder(path, &pid));
    assert_int_equal(take(&lock), LOCK_FILE_FAILED);
    alarm(0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_holder_is_named_and_its_end_removes_the_file),
        cmocka_unit_test(a_stale_file_with_a_living_pid_is_nobody_s),
        cmocka_unit_test(a_killed_holder_leaves_a_file_that_can_be_taken),
        cmocka_unit_test(what_the_file_says_is_not_believed_by_itself),
        cmocka_unit_test(a_file_that_was_removed_and_made_anew_is_left_alone),
        cmocka_unit_test(a_folder_that_is_missing_is_named),
        cmocka_unit_test(nobody_else_may_open_it),
        cmocka_unit_test(a_pipe_in_its_place_is_not_waited_for),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
