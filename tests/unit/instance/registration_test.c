/* SPDX-License-Identifier: MIT */
/*
 * registration, and running: a server is found by its port, and ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "instance/process.h"
#include "instance/registration.h"
#include "instance/running.h"
#include "net/loop.h"
#include "net/timer.h"
#include "net/turn.h"

enum { NOBODY = 65534 };

/* Ports are only names here; nothing listens on them.  Above what TCP knows. */
static unsigned
some_port(void)
{
    static unsigned next;

    return 100000 + ((unsigned)getpid() % 10000) * 10 + next++ % 10;
}

static void
describe(void *owner, struct str request, struct buffer *line)
{
    (void)owner;
    buffer_printf(
        line, "state=ready port=1 asked=%.*s config=/srv/my site/e.json\n", STR_ARG(request));
}

/* A process of this user that is registered, and ends by SIGTERM unless it is deaf. */
static pid_t
server_of(uid_t user, const char *host, unsigned port, bool deaf)
{
    int ready[2];
    char byte = 1;
    pid_t pid;

    assert_int_equal(pipe(ready), 0);
    pid = fork();
    if (pid == 0) {
        struct loop *l = loop_new();

        if (deaf)
            signal(SIGTERM, SIG_IGN);
        if (setresuid(user, user, user) != 0 || !registration_open(l, host, port, describe, NULL) ||
            write(ready[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static pid_t
server_begin(const char *host, unsigned port, bool deaf)
{
    return server_of(geteuid(), host, port, deaf);
}

static void
server_end(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void
a_server_is_found_by_its_port_and_vanishes_with_its_process(void **state)
{
    unsigned port = some_port();
    pid_t found, pid = server_begin(NULL, port, false);

    (void)state;
    assert_true(registration_find(NULL, port, &found, NULL));
    assert_int_equal(found, pid);
    assert_true(registration_find("127.0.0.1", port, &found, NULL));
    assert_int_equal(found, pid);
    assert_false(registration_find(NULL, port + 1000000, &found, NULL));
    server_end(pid);
    assert_false(registration_find(NULL, port, &found, NULL));
    assert_int_equal(found, 0);
}

static void
addresses_that_do_not_overlap_are_other_servers(void **state)
{
    unsigned port = some_port();
    pid_t found, pid = server_begin("127.0.0.1", port, false);

    (void)state;
    assert_false(registration_find("127.0.0.2", port, &found, NULL));
    assert_true(registration_find("127.0.0.1", port, &found, NULL));
    assert_true(registration_find("localhost", port, &found, NULL));
    assert_true(registration_find(NULL, port, &found, NULL));
    assert_int_equal(found, pid);
    server_end(pid);
}

static void
a_name_that_is_taken_is_not_given_twice(void **state)
{
    unsigned port = some_port();
    pid_t pid = server_begin(NULL, port, false);
    struct loop *l = loop_new();

    (void)state;
    assert_null(registration_open(l, NULL, port, describe, NULL));
    server_end(pid);
    loop_stop(l);
    loop_run(l);
    loop_free(l);
}

static void
a_process_does_not_find_itself(void **state)
{
    unsigned port = some_port();
    struct loop *l = loop_new();
    struct registration *r = registration_open(l, NULL, port, describe, NULL);
    pid_t found;

    (void)state;
    assert_non_null(r);
    assert_false(registration_find(NULL, port, &found, NULL));
    registration_close(r);
    loop_stop(l);
    loop_run(l);
    loop_free(l);
}

/* What is asked for arrives with the connection: an answer is there without a turn in between. */
static void
a_request_is_heard_before_the_line_is_said(void **state)
{
    static const char *const requests[] = { NULL, "lift 192.0.2.1", "lift 2001:db8::" };
    unsigned port = some_port();
    struct loop *l = loop_new();
    struct registration *r = registration_open(l, NULL, port, describe, NULL);
    char expected[200];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        int ends[2];
        char said[200] = "";
        pid_t pid;

        assert_int_equal(pipe(ends), 0);
        pid = fork();
        if (pid == 0) {
            struct buffer line = { 0 };
            pid_t found;
            bool ok = registration_ask(NULL, port, requests[i], &found, &line) &&
                      write(ends[1], line.data, line.len) == (ssize_t)line.len;
            _exit(!ok);
        }
        close(ends[1]);
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        while (read(ends[0], said, sizeof(said) - 1) < 0)
            turn(l);
        close(ends[0]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        snprintf(expected, sizeof(expected),
            "state=ready port=1 asked=%s config=/srv/my site/e.json\n",
            requests[i] ? requests[i] : "");
        assert_string_equal(said, expected);
    }
    registration_close(r);
    loop_stop(l);
    loop_run(l);
    loop_free(l);
}

struct quiet {
    struct loop *l;
    struct registration *r;
    struct timer end;
};

static void
end_quiet(void *quiet)
{
    struct quiet *q = quiet;

    registration_close(q->r);
    loop_stop(q->l);
}

/* A knock that cannot be answered stays; the loop must not look at it all the time. */
static void
out_of_descriptors_nothing_spins(void **state)
{
    unsigned port = some_port();
    struct loop *l = loop_new();
    struct quiet q = { .l = l, .r = registration_open(l, NULL, port, describe, NULL) };
    struct rlimit before, none = { 0 };
    clock_t used;
    pid_t found, pid;

    (void)state;
    assert_non_null(q.r);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none.rlim_max = before.rlim_max;
    pid = fork();
    if (pid == 0)
        _exit(!registration_find(NULL, port, &found, NULL));
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    timer_init(&q.end, end_quiet, &q);
    timer_start(l, &q.end, 400);
    used = clock();
    loop_run(l);
    used = clock() - used;
    setrlimit(RLIMIT_NOFILE, &before);
    assert_true(used < CLOCKS_PER_SEC / 5);
    loop_free(l);
}

static void
a_server_is_ended_by_its_port(void **state)
{
    struct running_place place = { .port = some_port() };
    pid_t pid = server_begin(NULL, place.port, false);
    struct running found;

    (void)state;
    assert_true(running_find(&place, &found));
    assert_int_equal(found.pid, pid);
    assert_false(found.reference);
    assert_int_equal(running_stop(&place, found.pid, 5000), RUNNING_GONE);
    waitpid(pid, NULL, 0);
    assert_false(running_find(&place, &found));
}

static void
a_server_that_does_not_end_in_time_is_killed(void **state)
{
    struct running_place place = { .port = some_port() };
    pid_t pid = server_begin(NULL, place.port, true);

    (void)state;
    assert_int_equal(running_stop(&place, pid, 50), RUNNING_KILLED);
    waitpid(pid, NULL, 0);
}

static void
a_server_that_is_younger_is_not_found(void **state)
{
    struct process_birth self = process_own_birth(), child;
    struct running_place place = { .port = some_port(), .than = &self };
    pid_t pid = server_begin(NULL, place.port, false);
    struct running found;

    (void)state;
    assert_false(running_find(&place, &found));
    assert_int_equal(running_stop(&place, pid, 50), RUNNING_GONE);
    assert_int_equal(kill(pid, 0), 0);
    assert_true(process_read_birth(pid, &child));
    place.than = &child;
    assert_true(running_find(&place, &found));
    server_end(pid);
}

/* A server says its line on its loop, which the asker, a child here, cannot run. */
static void
it_says_its_line_to_its_user(void **state)
{
    unsigned port = some_port();
    struct running_place place = { .port = port, .config_name = "e.json" };
    struct loop *l = loop_new();
    struct registration *r = registration_open(l, NULL, port, describe, NULL);
    struct running found;
    int status = 0;
    pid_t pid = fork();

    (void)state;
    assert_non_null(r);
    if (pid == 0) {
        bool named = running_find(&place, &found) && found.pid == getppid();

        place.config_name = "f.json";
        _exit(named && !running_find(&place, &found) ? 0 : 1);
    }
    while (waitpid(pid, &status, WNOHANG) == 0)
        loop_turn(l);
    assert_int_equal(status, 0);
    registration_close(r);
    loop_stop(l);
    loop_run(l);
    loop_free(l);
}

static void
a_stranger_is_never_signalled(void **state)
{
    struct running_place place = { .port = some_port() };
    pid_t stranger = server_begin(NULL, some_port(), false);

    (void)state;
    assert_int_equal(running_stop(&place, stranger, 50), RUNNING_GONE);
    assert_int_equal(kill(stranger, 0), 0);
    server_end(stranger);
}

static void
a_name_that_a_stranger_took_counts_as_free(void **state)
{
    unsigned port = some_port();
    pid_t found, pid;

    (void)state;
    if (geteuid() != 0)
        skip();
    pid = server_of(NOBODY, NULL, port, false);
    assert_false(registration_find(NULL, port, &found, NULL));
    assert_false(registration_find("127.0.0.1", port, &found, NULL));
    assert_int_equal(seteuid(NOBODY), 0);
    assert_true(registration_find(NULL, port, &found, NULL));
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(seteuid(NOBODY - 1), 0);
    assert_false(registration_find(NULL, port, &found, NULL));
    assert_int_equal(seteuid(0), 0);
    server_end(pid);
}

static void
root_believes_whoever_serves_the_port(void **state)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    pid_t found, pid;

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    pid = server_of(NOBODY, NULL, ntohs(address.sin_port), false);
    close(listener);
    assert_true(registration_find(NULL, ntohs(address.sin_port), &found, NULL));
    assert_int_equal(found, pid);
    assert_int_equal(seteuid(NOBODY - 1), 0);
    assert_false(registration_find(NULL, ntohs(address.sin_port), &found, NULL));
    assert_int_equal(seteuid(0), 0);
    server_end(pid);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_server_is_found_by_its_port_and_vanishes_with_its_process),
        cmocka_unit_test(a_name_that_a_stranger_took_counts_as_free),
        cmocka_unit_test(root_believes_whoever_serves_the_port),
        cmocka_unit_test(addresses_that_do_not_overlap_are_other_servers),
        cmocka_unit_test(a_name_that_is_taken_is_not_given_twice),
        cmocka_unit_test(a_request_is_heard_before_the_line_is_said),
        cmocka_unit_test(a_process_does_not_find_itself),
        cmocka_unit_test(out_of_descriptors_nothing_spins),
        cmocka_unit_test(a_server_is_ended_by_its_port),
        cmocka_unit_test(a_server_that_does_not_end_in_time_is_killed),
        cmocka_unit_test(a_server_that_is_younger_is_not_found),
        cmocka_unit_test(it_says_its_line_to_its_user),
        cmocka_unit_test(a_stranger_is_never_signalled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
