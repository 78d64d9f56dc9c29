/* SPDX-License-Identifier: MIT */
/*
 * laravel_prefix: a php of our own answers, or does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "instance/process.h"
#include "laravel_prefix.h"

#define ANSWER(text) "printf '\\0echo-server\\0" text "\\0'\n"
#define ANSWER_IDS "printf '\\0echo-server\\0%s\\0' \"$(id -u) $(id -g) $(id -G)\"\n"

/* Nothing here takes that long, on whatever machine; and what has to take too long. */
enum { AMPLE_MS = 100000, SHORT_MS = 100, TURN_US = 2000 };

/* An owner without a name, as of a folder that a container shares. */
enum { NAMELESS = 54321, NAMELESS_GROUP = 54322 };

static char folder[32];
static const struct passwd *owner;

/* The application's folder is somebody else's when root asks. */
static int
make_folder(void **state)
{
    char path[96];

    (void)state;
    owner = getpwnam("nobody");
    snprintf(folder, sizeof(folder), "/tmp/echo-prefix-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s:/usr/bin:/bin", folder);
    setenv("PATH", path, 1);
    return geteuid() == 0 ? chown(folder, owner->pw_uid, owner->pw_gid) : 0;
}

static int
remove_folder(void **state)
{
    static const char *const names[] = { "php", "pid", "" };
    char path[64];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        remove(path);
    }
    return 0;
}

static void
write_php(const char *script)
{
    char path[64];
    FILE *file;

    snprintf(path, sizeof(path), "%s/php", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "#!/bin/sh\n%s", script);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
}

static void
check_answer(uint64_t limit_ms, const char *prefix, const char *why)
{
    const char *reason = NULL;
    char *answer = laravel_prefix_ask(folder, limit_ms, &reason);

    assert_int_equal(!answer, !prefix);
    if (prefix)
        assert_string_equal(answer, prefix);
    else
        assert_string_equal(reason, why);
    free(answer);
}

static void
check(const char *script, uint64_t limit_ms, const char *prefix, const char *why)
{
    write_php(script);
    check_answer(limit_ms, prefix, why);
}

static void
the_answer_is_found_in_what_the_application_prints(void **state)
{
    (void)state;
    check(ANSWER("my_"), AMPLE_MS, "my_", NULL);
    check(ANSWER(""), AMPLE_MS, "", NULL);
    check("echo Deprecated: this and that\n" ANSWER("m\\303\\274 y:") "echo bye", AMPLE_MS,
        "m\303\274 y:", NULL);
    check(ANSWER("my_") "exec sleep 1000", AMPLE_MS, "my_", NULL);
}

static void
php_runs_in_the_folder_and_away_from_the_terminal(void **state)
{
    int silent[2];

    (void)state;
    assert_int_equal(pipe(silent), 0);
    assert_true(dup2(silent[0], STDIN_FILENO) >= 0);
    check("[ \"$(pwd)\" = \"$(dirname \"$0\")\" ] && " ANSWER("my_"), AMPLE_MS, "my_", NULL);
    check("[ \"$(cut -d' ' -f6 /proc/$$/stat)\" = $$ ] && " ANSWER("my_"), AMPLE_MS, "my_", NULL);
    check("cat; " ANSWER("my_"), AMPLE_MS, "my_", NULL);
}

static void
garbage_is_no_answer(void **state)
{
    (void)state;
    check("exit 0", AMPLE_MS, NULL, "php gave no answer");
    check("echo my_; exit 255", AMPLE_MS, NULL, "php gave no answer");
    check("exec yes", AMPLE_MS, NULL, "php gave no answer");
    check(ANSWER("a\\033b"), AMPLE_MS, NULL, "php gave no answer");
    check(ANSWER("a\\377b"), AMPLE_MS, NULL, "php gave no answer");
    check("printf '\\0echo-server\\0my_'", AMPLE_MS, NULL, "php gave no answer");
}

static void
php_that_hangs_is_ended(void **state)
{
    (void)state;
    check("echo so far; exec sleep 1000", SHORT_MS, NULL, "php took too long");
    check("while :; do echo more; sleep 0.01; done", SHORT_MS, NULL, "php took too long");
}

static void
php_may_be_missing(void **state)
{
    (void)state;
    setenv("PATH", "/nonexistent", 1);
    check("", AMPLE_MS, NULL, "there is no php in PATH");
}

/* What the script wrote, with its line's end, before it went on; 0: it has not yet. */
static pid_t
read_pid(void)
{
    char path[64], line[16] = "";
    FILE *file;

    snprintf(path, sizeof(path), "%s/pid", folder);
    file = fopen(path, "r");
    if (!file)
        return 0;
    if (!fgets(line, sizeof(line), file) || !strchr(line, '\n'))
        *line = 0;
    fclose(file);
    return (pid_t)strtol(line, NULL, 10);
}

static void
wait_for_end(pid_t pid)
{
    struct process_birth birth;

    assert_true(pid > 0);
    while (process_read_birth(pid, &birth))
        usleep(TURN_US);
}

static void
nothing_that_php_started_is_left(void **state)
{
    (void)state;
    check("sleep 1000 & echo $! > pid\n" ANSWER("my_") "wait", AMPLE_MS, "my_", NULL);
    wait_for_end(read_pid());
}

static void
php_ends_with_the_process_that_asked(void **state)
{
    const char *why;
    pid_t asking;

    (void)state;
    write_php("echo $$ > pid\nexec sleep 1000");
    asking = fork();
    if (asking == 0)
        _exit(laravel_prefix_ask(folder, AMPLE_MS, &why) != NULL);
    while (read_pid() == 0)
        usleep(TURN_US);
    kill(asking, SIGKILL);
    waitpid(asking, NULL, 0);
    wait_for_end(read_pid());
}

static void
root_becomes_the_owner(void **state)
{
    static const gid_t roots_own = 4;
    char ids[64];

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(setgroups(1, &roots_own), 0);
    snprintf(ids, sizeof(ids), "%u %u %u", owner->pw_uid, owner->pw_gid, owner->pw_gid);
    check(ANSWER_IDS, AMPLE_MS, ids, NULL);
    assert_int_equal(chown(folder, NAMELESS, NAMELESS_GROUP), 0);
    check(ANSWER_IDS, AMPLE_MS, "54321 54322 54322", NULL);
}

static void
roots_variables_stay_with_root(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    setenv("DEPLOY_TOKEN", "hush-hush", 1);
    check("[ -z \"$DEPLOY_TOKEN\" ] && [ \"$HOME\" != /root ] && " ANSWER("my_"), AMPLE_MS, "my_",
        NULL);
    unsetenv("DEPLOY_TOKEN");
}

static void
code_of_another_user_or_as_root_does_not_run(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    write_php(ANSWER("my_"));
    assert_int_equal(chown(folder, NAMELESS, NAMELESS_GROUP), 0);
    assert_int_equal(seteuid(owner->pw_uid), 0);
    check_answer(AMPLE_MS, NULL, "its folder belongs to another user");
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(folder, 0, 0), 0);
    check_answer(
        AMPLE_MS, NULL, "its folder belongs to root, and applications are not run as root");
    assert_int_equal(chown(folder, owner->pw_uid, owner->pw_gid), 0);
    check_answer(AMPLE_MS, "my_", NULL);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        TEST(the_answer_is_found_in_what_the_application_prints),
        TEST(php_runs_in_the_folder_and_away_from_the_terminal),
        TEST(garbage_is_no_answer),
        TEST(php_that_hangs_is_ended),
        TEST(php_may_be_missing),
        TEST(nothing_that_php_started_is_left),
        TEST(php_ends_with_the_process_that_asked),
        TEST(root_becomes_the_owner),
        TEST(roots_variables_stay_with_root),
        TEST(code_of_another_user_or_as_root_does_not_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
