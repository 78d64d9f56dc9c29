/* SPDX-License-Identifier: MIT */
/*
 * probe_port, probe_auth: what is tried before a server runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "config/config.h"
#include "server/probe.h"

/* A listening socket on loopback. */
static int
listen_somewhere(unsigned *port)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(fd, (struct sockaddr *)&a, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    *port = ntohs(a.sin_port);
    return fd;
}

static struct config *
load(const char *host, unsigned port)
{
    char number[8], url[64];
    const struct config_setting settings[] = {
        { "host", host, "" },
        { "port", number, "" },
        { "authHost", url, "" },
    };

    snprintf(number, sizeof(number), "%u", port);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", port);
    return config_load(&(struct config_request){
        .file = "/dev/null", .settings = settings, .setting_count = 3, .lenient = true });
}

static void
a_port_is_free_once_its_holder_is_gone(void **state)
{
    struct buffer why = { 0 };
    unsigned port;
    int fd = listen_somewhere(&port);
    struct config *c = load("127.0.0.1", port);
    pid_t pid;

    (void)state;
    assert_int_equal(probe_port(c, &pid, &why), PROBE_PORT_STRANGER);
    assert_true(str_contains(buffer_str(&why), "already in use"));
    close(fd);
    assert_int_equal(probe_port(c, &pid, &why), PROBE_PORT_FREE);
    assert_int_equal(probe_port(c, &pid, &why), PROBE_PORT_FREE);
    buffer_fini(&why);
    config_free(c);
}

static void
a_host_of_another_machine_is_told(void **state)
{
    struct config *c = load("192.0.2.1", 8000);
    struct buffer why = { 0 };
    pid_t pid;

    (void)state;
    assert_int_equal(probe_port(c, &pid, &why), PROBE_PORT_BAD_HOST);
    assert_true(str_contains(buffer_str(&why), "192.0.2.1:8000"));
    buffer_fini(&why);
    config_free(c);
}

static void
an_application_that_is_not_there_has_no_status(void **state)
{
    unsigned port;
    int fd = listen_somewhere(&port);
    struct config *c = load("127.0.0.1", port);
    struct probe_auth answer = { 0 };

    (void)state;
    close(fd);
    probe_auth(c, 0, &answer);
    assert_int_equal(answer.status, 0);
    assert_true(str_contains(buffer_str(&answer.cause), "refused"));
    buffer_fini(&answer.cause);
    config_free(c);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_is_free_once_its_holder_is_gone),
        cmocka_unit_test(a_host_of_another_machine_is_told),
        cmocka_unit_test(an_application_that_is_not_there_has_no_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
