/* SPDX-License-Identifier: MIT */
/*
 * listener: accept(2) by hand, because libuv's own listening closes connections when the process
 * is out of descriptors, and says nothing.
 */
#include "net/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop_priv.h"
#include "net/tls.h"
#include "stream_priv.h"
#include "stream_tls_priv.h"
#include "tls_priv.h"

enum {
    BACKLOG = 4096, /* the kernel caps it at net.core.somaxconn */
    BURST = 128,    /* connections a turn, so that those there are get their share */
    PAUSE_MS = 100,
};

struct listener {
    uv_poll_t poll;
    struct loop *loop;
    struct tls_context *tls;
    const struct listener_handlers *handlers;
    void *owner;
    struct timer pause;
    int fd;
    bool starved; /* out of descriptors since the queue was last empty */
    bool closed;
};

static void on_poll(uv_poll_t *handle, int status, int events);

static void
watch(void *owner)
{
    struct listener *n = owner;

    uv_poll_start(&n->poll, UV_READABLE, on_poll);
}

/* What is not accepted waits in the kernel. */
static void
starve(struct listener *n, int error)
{
    char reason[128];

    if (!n->starved) {
        uv_strerror_r(-error, reason, sizeof(reason));
        log_warning("accepting pauses until a descriptor is free: %s", reason);
    }
    n->starved = true;
    uv_poll_stop(&n->poll);
    timer_start(n->loop, &n->pause, PAUSE_MS);
}

static void
welcome(struct listener *n, int fd, const struct sockaddr *peer)
{
    struct stream *s = stream_new(n->loop, fd, peer);

    stream_accepted(s);
    if (n->tls)
        stream_tls_accept(s, tls_openssl(n->tls));
    n->handlers->on_accept(n->owner, s);
}

/* False: there is no other one to be had now. */
static bool
accept_one(struct listener *n)
{
    struct sockaddr_storage peer = { 0 };
    socklen_t len = sizeof(peer);
    int fd = accept4(n->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        welcome(n, fd, (struct sockaddr *)&peer);
        return true;
    }
    switch (errno) {
    case EAGAIN:
        if (n->starved)
            log_notice("accepting goes on");
        n->starved = false;
        return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        starve(n, errno);
        return false;
    default:
        return true; /* that connection failed, not the socket (accept(2), "Error handling") */
    }
}

static void
on_poll(uv_poll_t *handle, int status, int events)
{
    struct listener *n = CONTAINER_OF(handle, struct listener, poll);

    (void)events;
    for (int i = 0; i < BURST && !n->closed; i++)
        if (!accept_one(n))
            break;
    if (status < 0 && !n->closed)
        timer_start(n->loop, &n->pause, PAUSE_MS);
}

static void
on_closed(uv_handle_t *handle)
{
    struct listener *n = CONTAINER_OF(handle, struct listener, poll);

    if (n->handlers->on_close)
        n->handlers->on_close(n->owner);
    tls_unref(n->tls);
    free(n);
}

struct listener *
listener_open(
    struct loop *l, int fd, struct tls_context *tls, const struct listener_handlers *h, void *owner)
{
    struct listener *n = mem_zalloc(sizeof(*n));
    int on = 1;

    /* Accepted sockets inherit it; a Unix socket has none. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (listen(fd, BACKLOG) != 0 || uv_poll_init(&l->uv, &n->poll, fd) != 0) {
        close(fd);
        free(n);
        return NULL;
    }
    n->loop = l;
    n->tls = tls ? tls_ref(tls) : NULL;
    n->handlers = h;
    n->owner = owner;
    n->fd = fd;
    timer_init(&n->pause, watch, n);
    watch(n);
    return n;
}

void
listener_set_tls(struct listener *n, struct tls_context *tls)
{
    struct tls_context *old = n->tls;

    n->tls = tls ? tls_ref(tls) : NULL;
    tls_unref(old);
}

void
listener_close(struct listener *n)
{
    if (!n || n->closed)
        return;
    n->closed = true;
    timer_stop(&n->pause);
    uv_close((uv_handle_t *)&n->poll, on_closed);
    close(n->fd);
}
