/* SPDX-License-Identifier: MIT */
/*
 * peer: what the tests of net and tls share: a recording end of a stream, what a connector said,
 * and pairs of streams on one loop.
 */
#ifndef TEST_NET_PEER_H
#define TEST_NET_PEER_H

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/address.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "loop_priv.h"
#include "net/connector.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/turn.h"
#include "stream_priv.h"

#define UNUSED __attribute__((unused))

/* One end of a stream that notes what happens to it. */
struct peer {
    struct stream *s;
    struct buffer got;
    unsigned drains, ends, chunks;
    enum stream_end why;
    bool echo, close_on_data, pause_on_data;
    bool inside; /* within a call that may not call back */
};

static void
peer_on_data(void *owner, const char *data, size_t len)
{
    struct peer *p = owner;

    assert_false(p->inside);
    buffer_append(&p->got, data, len);
    p->chunks++;
    if (p->echo)
        stream_send_copy(p->s, data, len);
    if (p->pause_on_data)
        stream_pause(p->s);
    if (p->close_on_data)
        stream_close(p->s, STREAM_END_LOCAL);
}

static void
peer_on_drain(void *owner)
{
    struct peer *p = owner;

    assert_false(p->inside);
    p->drains++;
}

static void
peer_on_end(void *owner, enum stream_end why)
{
    struct peer *p = owner;

    assert_false(p->inside);
    p->ends++;
    p->why = why;
    p->s = NULL;
}

/* Where the other end is: its address, or "unix".  Returns text. */
static UNUSED const char *
peer_address(const struct stream *s, char text[ADDRESS_TEXT_SIZE])
{
    struct address a;

    return stream_peer(s, &a) ? address_text(&a, text) : "unix";
}

static const struct stream_handlers peer_handlers UNUSED = {
    .on_data = peer_on_data,
    .on_drain = peer_on_drain,
    .on_end = peer_on_end,
};

static void UNUSED
peer_attach(struct peer *p, struct stream *s)
{
    *p = (struct peer){ .s = s };
    stream_attach(s, &peer_handlers, p);
}

static void UNUSED
peer_say(struct peer *p, const char *text)
{
    stream_send_copy(p->s, text, strlen(text));
}

static bool UNUSED
peer_got(const struct peer *p, const char *text)
{
    return str_is(buffer_str(&p->got), text);
}

static void UNUSED
peer_fini(struct loop *l, struct peer *p)
{
    if (p->s)
        stream_close(p->s, STREAM_END_LOCAL);
    TURN_UNTIL(l, !p->s);
    buffer_fini(&p->got);
}

/* What a connector said. */
struct call {
    struct peer client;
    unsigned calls;
    char error[256];
};

static UNUSED void
call_on_done(void *owner, struct stream *s, const char *error)
{
    struct call *c = owner;

    c->calls++;
    if (s)
        peer_attach(&c->client, s);
    else
        snprintf(c->error, sizeof(c->error), "%s", error);
}

static UNUSED void
connect_to(struct loop *l, struct call *c, const struct connector_target *target)
{
    *c = (struct call){ 0 };
    connector_open(l, target, call_on_done, c);
    assert_int_equal(c->calls, 0);
    TURN_UNTIL(l, c->calls);
    loop_turn(l);
    assert_int_equal(c->calls, 1);
}

/* A stream over one end of a socket pair; the other end is the test's. */
static UNUSED struct stream *
stream_over_pair(struct loop *l, int type, int *other)
{
    struct sockaddr address = { .sa_family = AF_UNIX };
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
    *other = fds[1];
    return stream_new(l, fds[0], &address);
}

/* A listening socket on loopback and its port. */
static int UNUSED
listen_any(const char *host, unsigned *port)
{
    struct buffer error = { 0 };
    struct sockaddr_storage at = { 0 };
    socklen_t len = sizeof(at);
    bool in_use;
    int fd;

    assert_true(listener_bind(host, 0, 1, &fd, &in_use, &error));
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(((struct sockaddr_in *)&at)->sin_port);
    return fd;
}

/* A blocking client of the kernel's own. */
static int UNUSED
dial(unsigned port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

#endif
