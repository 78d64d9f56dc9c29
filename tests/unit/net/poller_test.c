/* SPDX-License-Identifier: MIT */
/*
 * Tests of the poller.
 */
#include "net/poller.h"

#include "peer.h"

struct ready {
    struct poller *p;
    unsigned readable, writable;
    bool close;
};

static void
on_ready(void *owner, bool readable, bool writable)
{
    struct ready *r = owner;

    r->readable += readable;
    r->writable += writable;
    if (r->close)
        poller_close(r->p);
}

static void
only_what_is_watched_is_reported(void **state)
{
    struct loop *l = loop_new();
    struct ready r = { 0 };
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    r.p = poller_open(l, fds[0], on_ready, &r);
    loop_turn(l);
    poller_watch(r.p, false, true);
    loop_turn(l);
    assert_int_equal(r.writable, 1);
    poller_watch(r.p, true, false);
    loop_turn(l);
    assert_int_equal(r.writable, 1);
    assert_int_equal(r.readable, 0);
    assert_int_equal(write(fds[1], "x", 1), 1);
    loop_turn(l);
    assert_int_equal(r.readable, 1);
    poller_watch(r.p, false, false);
    loop_turn(l);
    assert_int_equal(r.readable, 1);
    poller_close(r.p);
    close(fds[0]);
    close(fds[1]);
    loop_turn(l);
    loop_free(l);
}

static void
poller_may_be_closed_by_its_call(void **state)
{
    struct loop *l = loop_new();
    struct ready r = { .close = true };
    int fds[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    r.p = poller_open(l, fds[0], on_ready, &r);
    poller_watch(r.p, true, true);
    loop_turn(l);
    loop_turn(l);
    assert_int_equal(r.writable, 1);
    close(fds[0]);
    close(fds[1]);
    loop_free(l);
}

static void
broken_connection_is_reported_as_ready(void **state)
{
    struct loop *l = loop_new();
    struct linger reset = { .l_onoff = 1 };
    struct ready r = { 0 };
    unsigned port;
    int listening = listen_any("127.0.0.1", &port), client, fd;

    (void)state;
    assert_int_equal(listen(listening, 1), 0);
    client = dial(port);
    fd = accept(listening, NULL, NULL);
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(client);
    r.p = poller_open(l, fd, on_ready, &r);
    poller_watch(r.p, true, false);
    TURN_UNTIL(l, r.readable == 2);
    poller_close(r.p);
    close(fd);
    close(listening);
    loop_turn(l);
    loop_free(l);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_is_watched_is_reported),
        cmocka_unit_test(poller_may_be_closed_by_its_call),
        cmocka_unit_test(broken_connection_is_reported_as_ready),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/poller", tests, NULL, NULL);
}
