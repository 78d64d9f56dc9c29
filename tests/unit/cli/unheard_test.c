/* SPDX-License-Identifier: MIT */
/*
 * unheard: syslog hears what the null device would swallow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "unheard.h"

/* In a process of its own, which ends with the number of what failed. */
static void
in_child(int (*check)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(check());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* A /dev of its own, with the null device and a syslog; -1: that needs rights. */
static int
make_syslog(void)
{
    static const struct sockaddr_un there = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/dev", "tmpfs", 0, NULL) != 0 ||
        mknod("/dev/null", S_IFCHR | 0666, makedev(1, 3)) != 0 ||
        bind(fd, (const struct sockaddr *)&there, sizeof(there)) != 0)
        return -1;
    return fd;
}

static void
send_stderr_to(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT, 0600);

    dup2(fd, STDERR_FILENO);
    close(fd);
}

static bool
hears(int fd, const char *words)
{
    char text[512];
    ssize_t len = recv(fd, text, sizeof(text), MSG_DONTWAIT);

    return len > 0 && memmem(text, (size_t)len, words, strlen(words)) != NULL;
}

static int
check_null_device(void)
{
    int fd = make_syslog();

    if (fd < 0)
        return 77;
    send_stderr_to("/dev/null");
    unheard_begin();
    log_notice("all is well");
    log_warning("it gets %s", "warm");
    log_error("it burns");
    if (!unheard_is_needed())
        return 1;
    if (!hears(fd, "it gets warm"))
        return 2;
    if (!hears(fd, ": it burns"))
        return 3;
    return hears(fd, "") ? 4 : 0;
}

static int
check_file(void)
{
    int fd = make_syslog();

    if (fd < 0)
        return 77;
    send_stderr_to("/dev/errors");
    unheard_begin();
    log_error("it burns");
    return unheard_is_needed() || hears(fd, "") ? 1 : 0;
}

static int
check_full_and_missing(void)
{
    int fd = make_syslog();

    if (fd < 0)
        return 77;
    alarm(20);
    send_stderr_to("/dev/null");
    unheard_begin();
    for (int i = 0; i < 2000; i++)
        log_error("nobody reads this");
    close(fd);
    log_error("nobody is there");
    unlink("/dev/log");
    log_error("nothing is there");
    return 0;
}

static int
check_closed(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        close(fd);
    unheard_begin();
    return unheard_is_needed() && fcntl(STDIN_FILENO, F_GETFD) != -1 ? 0 : 1;
}

static void
warnings_and_errors_go_to_syslog(void **state)
{
    (void)state;
    in_child(check_null_device);
}

static void
nothing_does_while_stderr_is_somewhere(void **state)
{
    (void)state;
    in_child(check_file);
}

static void
a_syslog_that_is_full_or_missing_is_not_waited_for(void **state)
{
    (void)state;
    in_child(check_full_and_missing);
}

static void
a_closed_stderr_is_the_null_device(void **state)
{
    (void)state;
    in_child(check_closed);
}

static void
errors_are_kept_on_demand(void **state)
{
    (void)state;
    unheard_begin();
    log_error("too early");
    unheard_keep_errors();
    log_warning("only a warning");
    log_error("the first");
    log_error("the second");
    assert_true(str_is(unheard_errors(), "the first\nthe second\n"));
    unheard_drop_errors();
    log_error("too late");
    assert_int_equal(unheard_errors().len, 0);
    log_set_sink(NULL);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(warnings_and_errors_go_to_syslog),
        cmocka_unit_test(nothing_does_while_stderr_is_somewhere),
        cmocka_unit_test(a_syslog_that_is_full_or_missing_is_not_waited_for),
        cmocka_unit_test(a_closed_stderr_is_the_null_device),
        cmocka_unit_test(errors_are_kept_on_demand),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
