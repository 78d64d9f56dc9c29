/* SPDX-License-Identifier: MIT */
/*
 * seccomp: real filters, each in a child of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "seccomp.h"

/* On these, a number above the table's is a call that a newer kernel may have. */
enum { FUTURE = SYSCALLS_NEWEST + 20, X32 = 0x40000000 };

/* Its wait status: 0 when body returned true. */
static int
run_inside(enum syscalls_side side, bool (*body)(void))
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        bool inside = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && seccomp_watch() >= 0 &&
                      seccomp_enter(SYSCALLS_MAIN) &&
                      (side == SYSCALLS_MAIN || seccomp_enter(side));

        _exit(inside && body() ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static bool
fails_with(long result, int error)
{
    if (result == -1 && errno == error)
        return true;
    fprintf(stderr, "result %ld, errno %d\n", result, errno);
    return false;
}

static void
require_filters(void)
{
    if (!seccomp_is_offered())
        skip();
}

/* ---- what a server does ---- */

static bool
reads_and_writes(void)
{
    int pair = socket(AF_INET, SOCK_STREAM, 0), local = socket(AF_UNIX, SOCK_DGRAM, 0);
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    char *memory = malloc(1 << 22);
    struct rlimit limit;
    char byte;

    return pair >= 0 && local >= 0 && file >= 0 && memory && read(file, &byte, 1) == 0 &&
           getrlimit(RLIMIT_NOFILE, &limit) == 0 && prctl(PR_SET_NAME, "worker 0", 0, 0, 0) == 0 &&
           close(file) == 0;
}

static void *
idle(void *nothing)
{
    return nothing;
}

static bool
makes_a_thread(void)
{
    pthread_t thread;

    return pthread_create(&thread, NULL, idle, NULL) == 0 && pthread_join(thread, NULL) == 0;
}

static void
what_a_server_does_is_allowed(void **state)
{
    (void)state;
    require_filters();
    assert_int_equal(run_inside(SYSCALLS_MAIN, reads_and_writes), 0);
    assert_int_equal(run_inside(SYSCALLS_WORKER, reads_and_writes), 0);
    assert_int_equal(run_inside(SYSCALLS_MAIN, makes_a_thread), 0);
}

/* ---- what it does not ---- */

static bool
is_denied_on_both(void)
{
    struct rlimit limit = { 10, 10 };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    return fails_with(listen(fd, 1), EPERM) && fails_with(kill(getpid(), 0), EPERM) &&
           fails_with(syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700), EPERM) &&
           fails_with(open("/dev/null", O_RDWR), EPERM) &&
           fails_with(open("/tmp/never", O_RDONLY | O_CREAT, 0600), EPERM) &&
           fails_with(socket(AF_PACKET, SOCK_RAW, 0), EPERM) &&
           fails_with(setrlimit(RLIMIT_NOFILE, &limit), EPERM) &&
           fails_with(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL), EPERM) &&
           fails_with(syscall(SYS_tgkill, getppid(), getppid(), 0), EPERM) &&
           fails_with(prctl(PR_SET_DUMPABLE, 1, 0, 0, 0), EPERM) &&
           fails_with(ioctl(0, 0x5412, "x"), EPERM); /* TIOCSTI: types for somebody else */
}

static bool
is_denied_on_workers(void)
{
    struct sockaddr address = { .sa_family = AF_UNIX };

    return fails_with(unlink("/tmp/never"), EPERM) &&
           fails_with(bind(0, &address, sizeof(address)), EPERM) &&
           fails_with(socket(AF_NETLINK, SOCK_RAW, 0), EPERM) &&
           mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
               MAP_FAILED &&
           errno == EPERM;
}

static void
what_it_does_not_do_fails_with_eperm(void **state)
{
    (void)state;
    require_filters();
    assert_int_equal(run_inside(SYSCALLS_MAIN, is_denied_on_both), 0);
    assert_int_equal(run_inside(SYSCALLS_WORKER, is_denied_on_both), 0);
    assert_int_equal(run_inside(SYSCALLS_WORKER, is_denied_on_workers), 0);
}

static bool
newer_calls_are_absent(void)
{
    return fails_with(syscall(SYS_clone3, NULL, 0), ENOSYS) &&
           fails_with(syscall(SYS_io_uring_setup, 1, NULL), ENOSYS) &&
           fails_with(syscall(FUTURE), ENOSYS) && fails_with(syscall(X32), ENOSYS);
}

static void
what_the_table_is_too_old_for_is_absent(void **state)
{
    (void)state;
    require_filters();
    assert_int_equal(run_inside(SYSCALLS_MAIN, newer_calls_are_absent), 0);
    assert_int_equal(run_inside(SYSCALLS_WORKER, newer_calls_are_absent), 0);
}

static bool
runs_a_program(void)
{
    char *argv[] = { (char *)"/bin/true", NULL };

    return fails_with(execv(argv[0], argv), EPERM);
}

static bool
traces(void)
{
    return syscall(SYS_ptrace, 0, 0, 0, 0) == 0;
}

static void
what_no_server_does_ends_the_process(void **state)
{
    (void)state;
    require_filters();
    assert_int_equal(run_inside(SYSCALLS_MAIN, runs_a_program), 0);
    assert_int_equal(WTERMSIG(run_inside(SYSCALLS_WORKER, runs_a_program)), SIGSYS);
    assert_int_equal(WTERMSIG(run_inside(SYSCALLS_MAIN, traces)), SIGSYS);
    assert_int_equal(WTERMSIG(run_inside(SYSCALLS_WORKER, traces)), SIGSYS);
}

/* ---- denials ---- */

static bool
denials_are_counted(void)
{
    for (int i = 0; i < 3; i++)
        syscall(SYS_mkdirat, AT_FDCWD, "/tmp/never", 0700);
    return seccomp_take_denied(SYSCALLS_MAIN, SYS_mkdirat) == 0 &&
           seccomp_take_denied(SYSCALLS_WORKER, SYS_mkdirat) == 3 &&
           seccomp_take_denied(SYSCALLS_WORKER, SYS_mkdirat) == 0;
}

static void
each_denial_is_counted_once(void **state)
{
    (void)state;
    require_filters();
    assert_int_equal(run_inside(SYSCALLS_WORKER, denials_are_counted), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_server_does_is_allowed),
        cmocka_unit_test(what_it_does_not_do_fails_with_eperm),
        cmocka_unit_test(what_the_table_is_too_old_for_is_absent),
        cmocka_unit_test(what_no_server_does_ends_the_process),
        cmocka_unit_test(each_denial_is_counted_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
