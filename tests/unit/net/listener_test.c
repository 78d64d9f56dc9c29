/* SPDX-License-Identifier: MIT */
/*
 * Tests of the listener: binding, accepting, and running out of descriptors.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include "base/log.h"
#include "net/shares.h"
#include "peer.h"

enum { PEERS_MAX = 64 };

struct house {
    struct loop *l;
    struct listener *n;
    unsigned port;
    struct peer peers[PEERS_MAX];
    unsigned count, closes;
};

static void
on_accept(void *owner, struct stream *s)
{
    struct house *h = owner;

    peer_attach(&h->peers[h->count], s);
    h->peers[h->count++].echo = true;
}

static void
on_close(void *owner)
{
    struct house *h = owner;

    h->closes++;
}

static const struct listener_handlers house_handlers = { on_accept, on_close };

static void
house_open(struct house *h, const char *host)
{
    int fd = listen_any(host, &h->port);

    h->l = loop_new();
    h->n = listener_open(h->l, fd, &house_handlers, h);
    assert_non_null(h->n);
}

static void
house_close(struct house *h)
{
    for (unsigned i = 0; i < h->count; i++)
        peer_fini(h->l, &h->peers[i]);
    listener_close(h->n);
    listener_close(h->n);
    TURN_UNTIL(h->l, h->closes);
    assert_int_equal(h->closes, 1);
    loop_free(h->l);
}

static void
accepted_stream_talks_and_knows_its_peer(void **state)
{
    struct house h = { 0 };
    char room[8];
    int fd;

    (void)state;
    house_open(&h, "127.0.0.1");
    fd = dial(h.port);
    assert_int_equal(write(fd, "abc", 3), 3);
    TURN_UNTIL(h.l, h.count && h.peers[0].got.len == 3);
    assert_string_equal(peer_address(h.peers[0].s, (char[ADDRESS_TEXT_SIZE]){ 0 }), "127.0.0.1");
    assert_false(stream_is_encrypted(h.peers[0].s));
    assert_ptr_equal(stream_loop(h.peers[0].s), h.l);
    loop_turn(h.l);
    assert_int_equal(read(fd, room, sizeof(room)), 3);
    assert_int_equal(stream_bytes_in(h.peers[0].s), 3);
    close(fd);
    TURN_UNTIL(h.l, h.peers[0].ends);
    assert_int_equal(h.peers[0].why, STREAM_END_PEER);
    house_close(&h);
}

static struct share *
share_of(struct shares *table, const char *text)
{
    struct address a;

    assert_true(address_parse(str_of(text), &a));
    return shares_of(table, &a);
}

/* What was pipelined on it may be served until its end is told. */
static void
closed_stream_is_held_by_nobody(void **state)
{
    struct shares *table = shares_new();
    struct share *one = share_of(table, "192.0.2.1"), *other = share_of(table, "192.0.2.2");
    struct house h = { 0 };
    int fd;

    (void)state;
    house_open(&h, "127.0.0.1");
    fd = dial(h.port);
    TURN_UNTIL(h.l, h.count);
    stream_charge(h.peers[0].s, one);
    assert_int_equal(shares_held(one, SHARES_CONNECTIONS), 1);
    stream_close(h.peers[0].s, STREAM_END_FAILED);
    assert_int_equal(shares_held(one, SHARES_CONNECTIONS), 0);
    stream_charge(h.peers[0].s, other);
    assert_int_equal(shares_held(one, SHARES_CONNECTIONS), 0);
    assert_int_equal(shares_held(other, SHARES_CONNECTIONS), 0);
    TURN_UNTIL(h.l, h.peers[0].ends);
    close(fd);
    house_close(&h);
    shares_free(table);
}

static void
no_host_means_both_families(void **state)
{
    struct house h = { 0 };
    int fd;

    (void)state;
    house_open(&h, NULL);
    fd = dial(h.port);
    TURN_UNTIL(h.l, h.count);
    assert_string_equal(peer_address(h.peers[0].s, (char[ADDRESS_TEXT_SIZE]){ 0 }), "127.0.0.1");
    close(fd);
    house_close(&h);
}

static void
nodelay_is_inherited(void **state)
{
    struct house h = { 0 };
    socklen_t len = sizeof(int);
    int fd, on = 0;

    (void)state;
    house_open(&h, "127.0.0.1");
    fd = dial(h.port);
    TURN_UNTIL(h.l, h.count);
    assert_int_equal(getsockopt(h.peers[0].s->fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &on, &len), 0);
    assert_int_equal(on, 1);
    assert_true(fcntl(h.peers[0].s->fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
    house_close(&h);
}

static void
reset_by_the_peer_ends_the_stream(void **state)
{
    struct linger reset = { .l_onoff = 1 };
    struct house h = { 0 };
    int fd;

    (void)state;
    house_open(&h, "127.0.0.1");
    fd = dial(h.port);
    TURN_UNTIL(h.l, h.count);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    close(fd);
    TURN_UNTIL(h.l, h.peers[0].ends);
    assert_int_equal(h.peers[0].why, STREAM_END_FAILED);
    house_close(&h);
}

static unsigned
port_of(int fd)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    return ntohs(((struct sockaddr_in *)&at)->sin_port);
}

static void
several_sockets_share_what_a_second_server_may_not(void **state)
{
    struct buffer error = { 0 };
    char expected[96];
    bool in_use = true;
    int fds[4], again[2];
    unsigned port;

    (void)state;
    assert_true(listener_bind(NULL, 0, 4, fds, &in_use, &error));
    assert_false(in_use);
    port = port_of(fds[0]);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(port_of(fds[i]), port);
        assert_true(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
        assert_true(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
    }
    /* Before anything was opened, so that two servers that start at once are told apart. */
    assert_false(listener_bind(NULL, port, 2, again, &in_use, &error));
    assert_true(in_use);
    snprintf(expected, sizeof(expected), "cannot listen on *:%u: address already in use", port);
    assert_true(str_starts(buffer_str(&error), expected));
    assert_false(listener_bind("127.0.0.1", port, 1, again, &in_use, &error));
    assert_true(in_use);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    buffer_fini(&error);
}

static void
sockets_share_the_connections(void **state)
{
    enum { CALLS = 60 };
    struct house a = { .l = loop_new() }, b = { .l = a.l };
    struct buffer error = { 0 };
    bool in_use;
    int fds[2], clients[CALLS];
    unsigned port;

    (void)state;
    assert_true(listener_bind("127.0.0.1", 0, 2, fds, &in_use, &error));
    port = port_of(fds[0]);
    a.n = listener_open(a.l, fds[0], &house_handlers, &a);
    b.n = listener_open(b.l, fds[1], &house_handlers, &b);
    for (int i = 0; i < CALLS; i++)
        clients[i] = dial(port);
    TURN_UNTIL(a.l, a.count + b.count == CALLS);
    assert_true(a.count > 0 && b.count > 0);
    for (int i = 0; i < CALLS; i++)
        close(clients[i]);
    for (unsigned i = 0; i < b.count; i++)
        peer_fini(b.l, &b.peers[i]);
    listener_close(b.n);
    house_close(&a);
    assert_int_equal(b.closes, 1);
}

static void
unusable_host_is_named(void **state)
{
    struct buffer error = { 0 };
    bool in_use = true;
    int fd;

    (void)state;
    assert_false(listener_bind("192.0.2.1", 8000, 1, &fd, &in_use, &error));
    assert_false(in_use);
    assert_true(
        str_starts(buffer_str(&error), "cannot listen on 192.0.2.1:8000: address not available"));
    assert_true(str_contains(buffer_str(&error), "not an address of this machine"));
    buffer_clear(&error);
    assert_false(listener_bind("no host", 8000, 1, &fd, &in_use, &error));
    assert_true(str_starts(
        buffer_str(&error), "cannot listen on no host:8000: the host name cannot be resolved"));
    buffer_fini(&error);
}

/* Leaves room for as many more descriptors; returns the old limit. */
static struct rlimit
leave_descriptors(unsigned spare)
{
    struct rlimit old, now;
    int next = dup(0);

    getrlimit(RLIMIT_NOFILE, &old);
    close(next);
    now = old;
    now.rlim_cur = (rlim_t)next + spare;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &now), 0);
    return old;
}

static void
out_of_descriptors_accepting_pauses(void **state)
{
    struct house h = { 0 };
    struct rlimit old;
    int fds[4];

    (void)state;
    log_set_level(LOG_LEVEL_ERROR);
    house_open(&h, "127.0.0.1");
    for (int i = 0; i < 4; i++)
        fds[i] = dial(h.port);
    old = leave_descriptors(2);
    TURN_UNTIL(h.l, h.count == 2);
    for (int i = 0; i < 3; i++)
        loop_turn(h.l);
    assert_false(uv_is_active((uv_handle_t *)h.n)); /* its first member is the handle */
    assert_int_equal(h.count, 2);
    setrlimit(RLIMIT_NOFILE, &old);
    TURN_UNTIL(h.l, h.count == 4);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    house_close(&h);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_stream_talks_and_knows_its_peer),
        cmocka_unit_test(closed_stream_is_held_by_nobody),
        cmocka_unit_test(no_host_means_both_families),
        cmocka_unit_test(nodelay_is_inherited),
        cmocka_unit_test(reset_by_the_peer_ends_the_stream),
        cmocka_unit_test(several_sockets_share_what_a_second_server_may_not),
        cmocka_unit_test(sockets_share_the_connections),
        cmocka_unit_test(unusable_host_is_named),
        cmocka_unit_test(out_of_descriptors_accepting_pauses),
    };

    alarm(60);
    return cmocka_run_group_tests_name("net/listener", tests, NULL, NULL);
}
