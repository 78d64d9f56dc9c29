/* SPDX-License-Identifier: MIT */
/*
 * activation: what is taken of the descriptors that a service manager passes.  Each case is a child
 * process, since descriptors are passed from 3 on, whatever is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "activation.h"
#include "base/buffer.h"

static int
open_socket(const char *address, bool listening, unsigned *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET };
    socklen_t len = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    inet_pton(AF_INET, address, &at.sin_addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&at, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    if (listening)
        assert_int_equal(listen(fd, 5), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

struct given {
    const int *fds;
    unsigned count;
    const char *pid; /* NULL: the child's own */
};

/* What the child reads; result is activation_take()'s. */
struct taken {
    bool result;
    struct activation activation;
    bool environment_is_clean, blocks, is_inherited;
    char error[256];
};

static void
pass(const struct given *g)
{
    char text[16];
    int copies[8];

    /* Out of the way first: one of them may be where another one goes. */
    for (unsigned i = 0; i < g->count; i++)
        copies[i] = fcntl(g->fds[i], F_DUPFD, 100);
    for (unsigned i = 0; i < g->count; i++)
        dup2(copies[i], 3 + (int)i);
    snprintf(text, sizeof(text), "%u", g->count);
    setenv("LISTEN_FDS", text, 1);
    setenv("LISTEN_FDNAMES", "echo-server.socket", 1);
    snprintf(text, sizeof(text), "%d", (int)getpid());
    setenv("LISTEN_PID", g->pid ? g->pid : text, 1);
}

static void
take(struct taken *t)
{
    struct buffer error = { 0 };

    t->result = activation_take(&t->activation, &error);
    snprintf(t->error, sizeof(t->error), "%.*s", (int)error.len, error.len ? error.data : "");
    activation_clear_environment();
    t->environment_is_clean =
        !getenv("LISTEN_FDS") && !getenv("LISTEN_PID") && !getenv("LISTEN_FDNAMES");
    t->blocks = !(fcntl(3, F_GETFL) & O_NONBLOCK);
    t->is_inherited = !(fcntl(3, F_GETFD) & FD_CLOEXEC);
    buffer_fini(&error);
}

static struct taken
in_child(const struct given *g)
{
    struct taken t = { 0 };
    int back[2], status;
    pid_t pid;

    assert_int_equal(pipe(back), 0);
    pid = fork();
    if (pid == 0) {
        int out = fcntl(back[1], F_DUPFD, 200);

        pass(g);
        take(&t);
        _exit(write(out, &t, sizeof(t)) == sizeof(t) ? 0 : 1);
    }
    close(back[1]);
    assert_int_equal(read(back[0], &t, sizeof(t)), sizeof(t));
    close(back[0]);
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_true(t.environment_is_clean);
    return t;
}

static void
a_socket_is_taken_as_it_is(void **state)
{
    unsigned port;
    int fd = open_socket("127.0.0.1", true, &port);
    struct taken t = in_child(&(struct given){ .fds = &fd, .count = 1 });

    (void)state;
    assert_true(t.result);
    assert_int_equal(t.activation.count, 1);
    assert_int_equal(t.activation.fds[0], 3);
    assert_int_equal(t.activation.port, port);
    assert_string_equal(t.activation.host, "127.0.0.1");
    assert_false(t.blocks);
    assert_false(t.is_inherited);
    close(fd);
}

static void
the_address_of_all_interfaces_is_no_host(void **state)
{
    unsigned ports[2];
    int fds[2] = { open_socket("0.0.0.0", true, &ports[0]),
        open_socket("127.0.0.1", true, &ports[1]) };
    struct taken one = in_child(&(struct given){ .fds = fds, .count = 1 });
    struct taken both = in_child(&(struct given){ .fds = fds, .count = 2 });

    (void)state;
    assert_true(one.result && both.result);
    assert_string_equal(one.activation.host, "");
    assert_int_equal(both.activation.count, 2);
    assert_int_equal(both.activation.port, ports[0]);
    assert_string_equal(both.activation.host, "");
    close(fds[0]);
    close(fds[1]);
}

static void
what_was_meant_for_another_process_is_left(void **state)
{
    unsigned port;
    int fd = open_socket("127.0.0.1", true, &port);
    struct taken t = in_child(&(struct given){ .fds = &fd, .count = 1, .pid = "1" });

    (void)state;
    assert_true(t.result);
    assert_int_equal(t.activation.count, 0);
    close(fd);
}

static void
refuses(const int *fds, unsigned count, const char *why)
{
    struct taken t = in_child(&(struct given){ .fds = fds, .count = count });

    assert_false(t.result);
    assert_non_null(strstr(t.error, why));
}

static void
what_cannot_be_served_is_named(void **state)
{
    unsigned port;
    int deaf = open_socket("127.0.0.1", false, &port);
    int unix_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int fd = open_socket("127.0.0.1", true, &port);

    (void)state;
    refuses(&deaf, 1, "descriptor 3");
    refuses(&unix_fd, 1, "not a listening TCP socket");
    refuses((int[]){ fd, fd, fd }, 3, "at most 2");
    close(deaf);
    close(unix_fd);
    close(fd);
}

static void
a_shared_socket_has_one_queue(void **state)
{
    unsigned port;
    int fds[3], fd = open_socket("127.0.0.1", true, &port);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct buffer error = { 0 };
    int client = socket(AF_INET, SOCK_STREAM, 0), taken;

    (void)state;
    assert_true(activation_share(fd, 3, fds, &error));
    assert_int_equal(fds[0], fd);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(client, (struct sockaddr *)&at, sizeof(at)), 0);
    taken = accept(fds[2], NULL, NULL);
    assert_true(taken >= 0);
    close(taken);
    close(client);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_socket_is_taken_as_it_is),
        cmocka_unit_test(the_address_of_all_interfaces_is_no_host),
        cmocka_unit_test(what_was_meant_for_another_process_is_left),
        cmocka_unit_test(what_cannot_be_served_is_named),
        cmocka_unit_test(a_shared_socket_has_one_queue),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
