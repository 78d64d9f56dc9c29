/* SPDX-License-Identifier: MIT */
/*
 * targets: which of the servers of a folder is meant.  A server is a child that holds a lock.
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
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "instance/lock_file.h"
#include "instance/targets.h"

static char dir[32];
static struct targets targets;

static int
make_dir(void **state)
{
    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    snprintf(dir, sizeof(dir), "/tmp/echo-targets-XXXXXX");
    return mkdtemp(dir) ? 0 : -1;
}

static int
remove_dir(void **state)
{
    static const char *const names[] = { "echo-server.json", "my-echo-server.json", "site.json",
        "other.json", "site.lock", "other.lock", "echo-server.lock" };
    char path[96];

    (void)state;
    targets_fini(&targets);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
        unlink(path);
    }
    return rmdir(dir);
}

/* With a port at which nothing runs: a server is found by its lock alone. */
static void
write_config(const char *name)
{
    char path[96];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs("{ \"port\": 1 }\n", file);
    fclose(file);
}

static pid_t
server_begin(const char *lock)
{
    char path[96], byte = 0;
    int ready[2];
    pid_t pid;

    snprintf(path, sizeof(path), "%s/%s", dir, lock);
    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct buffer error = { 0 };
        struct lock_file *held;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (lock_file_take(path, &held, &error) != LOCK_FILE_TAKEN || write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void
server_end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void
look(const char *config)
{
    targets_init(&targets, &(struct targets_named){ .dir = dir, .config = config }, NULL);
}

static void
assert_file(size_t index, const char *name)
{
    assert_true(index < targets.count);
    assert_string_equal(strrchr(targets.items[index].place.file, '/') + 1, name);
}

static void
the_default_configuration_comes_first(void **state)
{
    (void)state;
    write_config("my-echo-server.json");
    write_config("echo-server.json");
    write_config("site.json");
    look(NULL);
    assert_int_equal(targets.count, 2);
    assert_file(0, "echo-server.json");
    assert_file(1, "my-echo-server.json");
    assert_null(targets.items[0].where.config_name);
    assert_string_equal(targets.items[1].where.config_name, "my-echo-server.json");
}

static void
a_named_configuration_is_the_only_one(void **state)
{
    (void)state;
    write_config("echo-server.json");
    write_config("site.json");
    look("site.json");
    assert_int_equal(targets.count, 1);
    assert_file(0, "site.json");
    assert_int_equal(targets.items[0].where.port, 1);
}

static void
the_only_server_of_a_folder_is_meant(void **state)
{
    pid_t pid = server_begin("site.lock");
    struct running found;
    size_t index;

    (void)state;
    write_config("site.json");
    look(NULL);
    assert_int_equal(targets_choose(&targets, &index, &found), TARGETS_ONE);
    assert_file(index, "site.json");
    assert_int_equal(found.pid, pid);
    targets_keep(&targets, index);
    assert_int_equal(targets.count, 1);
    assert_file(0, "site.json");
    server_end(pid);
    assert_int_equal(targets_choose(&targets, &index, &found), TARGETS_NONE);
}

static void
among_several_none_is_chosen(void **state)
{
    pid_t one = server_begin("site.lock"), other = server_begin("other.lock");
    struct running found;
    size_t index;

    (void)state;
    look(NULL);
    assert_int_equal(targets_choose(&targets, &index, &found), TARGETS_SEVERAL);
    server_end(one);
    server_end(other);
}

static void
the_server_of_the_default_configuration_is_meant_before_all_others(void **state)
{
    pid_t other = server_begin("other.lock"), pid = server_begin("echo-server.lock");
    struct running found;
    size_t index;

    (void)state;
    write_config("echo-server.json");
    look(NULL);
    assert_int_equal(targets_choose(&targets, &index, &found), TARGETS_ONE);
    assert_int_equal(index, 0);
    assert_int_equal(found.pid, pid);
    server_end(pid);
    server_end(other);
}

#define IN_A_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_dir, remove_dir)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_FOLDER(the_default_configuration_comes_first),
        IN_A_FOLDER(a_named_configuration_is_the_only_one),
        IN_A_FOLDER(the_only_server_of_a_folder_is_meant),
        IN_A_FOLDER(among_several_none_is_chosen),
        IN_A_FOLDER(the_server_of_the_default_configuration_is_meant_before_all_others),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
