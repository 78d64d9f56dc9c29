/* SPDX-License-Identifier: MIT */
/*
 * talk: what the tests of http share: a raw socket whose dialogue is compared byte for byte.
 */
#ifndef TEST_HTTP_TALK_H
#define TEST_HTTP_TALK_H

#include <arpa/inet.h>
#include <errno.h>
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

#include "base/attr.h"
#include "base/buffer.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/stream.h"
#include "net/turn.h"

#define UNUSED __attribute__((unused))

static UNUSED void
turn_some(struct loop *l)
{
    for (int i = 0; i < 20; i++)
        turn(l);
}

/* A socket that listens on loopback, for listener_open(). */
static UNUSED int
listen_any(unsigned *port)
{
    struct buffer error = { 0 };
    struct sockaddr_in at = { 0 };
    socklen_t len = sizeof(at);
    bool in_use;
    int fd;

    assert_true(listener_bind("127.0.0.1", 0, 1, &fd, &in_use, &error));
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    *port = ntohs(at.sin_port);
    return fd;
}

/* One end of a dialogue. */
struct talker {
    struct loop *l;
    int fd;
    struct buffer got;
    bool ended;
};

static UNUSED void
talker_dial(struct talker *t, struct loop *l, unsigned port)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

    *t = (struct talker){ .l = l, .fd = socket(AF_INET, SOCK_STREAM, 0) };
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(t->fd, (struct sockaddr *)&to, sizeof(to)), 0);
}

static UNUSED void
talker_fini(struct talker *t)
{
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
    buffer_fini(&t->got);
}

static UNUSED void
say_bytes(struct talker *t, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(t->fd, data, len, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (sent < 0)
            assert_true(errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
        if (sent < 0 && errno != EAGAIN)
            return;
        data += sent > 0 ? sent : 0;
        len -= (size_t)(sent > 0 ? sent : 0);
        loop_turn(t->l);
    }
}

static UNUSED void
say(struct talker *t, const char *text)
{
    say_bytes(t, text, strlen(text));
}

static UNUSED void
listen_once(struct talker *t)
{
    ssize_t len = recv(t->fd, buffer_reserve(&t->got, 65536), 65536, MSG_DONTWAIT);

    if (len > 0)
        t->got.len += (size_t)len;
    t->ended = len == 0 || (len < 0 && errno != EAGAIN);
    turn(t->l);
}

/* The next bytes are these, and what follows them is not read yet. */
static UNUSED void
hear(struct talker *t, const char *text)
{
    size_t len = strlen(text);

    while (t->got.len < len && !t->ended)
        listen_once(t);
    buffer_append_char(&t->got, '\0');
    t->got.len--;
    if (t->got.len < len || memcmp(t->got.data, text, len) != 0)
        assert_string_equal(t->got.data, text);
    buffer_consume(&t->got, len);
}

static UNUSED void
hear_nothing(struct talker *t)
{
    for (int i = 0; i < 20; i++)
        listen_once(t);
    assert_int_equal(t->got.len, 0);
    assert_false(t->ended);
}

static UNUSED void
hear_end(struct talker *t)
{
    while (!t->ended)
        listen_once(t);
    assert_int_equal(t->got.len, 0);
}

#endif
