/* SPDX-License-Identifier: MIT */
/*
 * error_copies: syslog hears what the null device would swallow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "error_copies.h"
#include "instance/place.h"

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
    error_copies_begin();
    log_notice("all is well");
    log_warning("it gets %s", "warm");
    log_error("it burns");
    if (!error_copies_are_needed())
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
    error_copies_begin();
    log_error("it burns");
    return error_copies_are_needed() || hears(fd, "") ? 1 : 0;
}

static int
check_full_and_missing(void)
{
    int fd = make_syslog();

    if (fd < 0)
        return 77;
    alarm(20);
    send_stderr_to("/dev/null");
    error_copies_begin();
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
    error_copies_begin();
    return error_copies_are_needed() && fcntl(STDIN_FILENO, F_GETFD) != -1 ? 0 : 1;
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
a_failed_start_leaves_its_errors(void **state)
{
    char path[] = "/tmp/error-copies-XXXXXX";
    const struct place place = { .exists = true, .failed_path = path };
    struct buffer text = { 0 };
    struct str lines;

    (void)state;
    close(mkstemp(path));
    error_copies_begin();
    log_error("too early");
    error_copies_keep();
    log_warning("only a warning");
    log_error("the first");
    log_error("the second");
    error_copies_record(&place);
    assert_true(error_copies_read(&place, &text));
    str_cut(buffer_str(&text), '\n', &lines);
    assert_true(str_is(lines, "the first\nthe second\n"));
    buffer_fini(&text);
    error_copies_forget(&place);
    log_error("too late");
    assert_false(error_copies_read(&place, &text));
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
        cmocka_unit_test(a_failed_start_leaves_its_errors),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
