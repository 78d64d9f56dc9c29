/* SPDX-License-Identifier: MIT */
/*
 * listener: the sockets, before any thread runs; then accept(2) by hand, because libuv's own
 * listening silently closes connections when the process is out of descriptors.
 */
#include "net/listener.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/ensure.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop_priv.h"
#include "stream_priv.h"

enum {
    BACKLOG = 4096, /* the kernel caps it at net.core.somaxconn */
    BURST = 128,    /* connections a turn, so that the present ones get their share */
    PAUSE_MS = 100,
};

/* Until it is closed either poll watches fd, or pause runs. */
struct listener {
    uv_poll_t poll;
    struct loop *loop;
    const struct listener_handlers *handlers;
    void *owner;
    struct timer pause;
    int fd;
    bool starved; /* out of descriptors since the queue was last empty */
    bool closed;
};

/* ---- binding ---- */

/* Returns the socket or -errno. */
static int
bind_one(const struct sockaddr *address, socklen_t len, bool shared)
{
    int on = 1, off = 0;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (shared)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
    /* Bound alone is not taken: with SO_REUSEADDR another process could bind it as well. */
    if (bind(fd, address, len) == 0 && (shared || listen(fd, SOMAXCONN) == 0)) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on));
        return fd;
    }
    error = -errno;
    close(fd);
    return error;
}

/* All count of them, or none: then the error is returned. */
static int
bind_all(const struct addrinfo *a, unsigned count, int *fds)
{
    struct sockaddr_storage address = { 0 };
    socklen_t len = a->ai_addrlen;

    memcpy(&address, a->ai_addr, len);
    for (unsigned i = 0; i < count; i++) {
        fds[i] = bind_one((struct sockaddr *)&address, len, i > 0);
        if (fds[i] >= 0) {
            /* With port 0 the others take the port of the first. */
            getsockname(fds[i], (struct sockaddr *)&address, &len);
            continue;
        }
        for (unsigned k = 0; k < i; k++)
            close(fds[k]);
        return fds[i];
    }
    return 0;
}

/* The first address that can be bound; an address in use ends the search. */
static int
bind_first(const char *host, unsigned port, int family, unsigned count, int *fds)
{
    const struct addrinfo hints = {
        .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_family = family, .ai_socktype = SOCK_STREAM
    };
    struct addrinfo *list;
    int result = -EADDRNOTAVAIL;
    char service[8];

    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(host, service, &hints, &list) != 0)
        return -ENXIO;
    for (struct addrinfo *a = list; a; a = a->ai_next) {
        result = bind_all(a, count, fds);
        if (result == 0 || result == -EADDRINUSE)
            break;
    }
    freeaddrinfo(list);
    return result;
}

/* What can be done about it; "": the reason says it all. */
static const char *
remedy(int result)
{
    switch (result) {
    case -EADDRINUSE:
        return ": another program uses it (see `ss -ltnp`); stop that program, or choose another "
               "port";
    case -EADDRNOTAVAIL:
        return ": it is not an address of this machine (see `ip address`); leave it out to listen "
               "on all";
    case -EACCES:
        return ": ports below 1024 need CAP_NET_BIND_SERVICE, or a proxy in front of another port";
    case -ENXIO:
        return "the host name cannot be resolved; expected an address or a name of this machine";
    default:
        return "";
    }
}

bool
listener_bind(
    const char *host, unsigned port, unsigned count, int *fds, bool *in_use, struct buffer *error)
{
    /* The address of all interfaces is asked for by family: IPv6's one takes IPv4 as well. */
    int result = bind_first(host, port, host ? AF_UNSPEC : AF_INET6, count, fds);
    bool brackets = host && strchr(host, ':');
    char reason[LOOP_ERROR_SIZE];

    if (!host && result != 0 && result != -EADDRINUSE)
        result = bind_first(NULL, port, AF_INET, count, fds);
    *in_use = result == -EADDRINUSE;
    if (result == 0)
        return true;
    buffer_printf(error, "cannot listen on %s%s%s:%u: %s%s", brackets ? "[" : "", host ? host : "*",
        brackets ? "]" : "", port, result == -ENXIO ? "" : loop_error_text(-result, reason),
        remedy(result));
    return false;
}

/* ---- accepting ---- */

static void listener_on_poll(uv_poll_t *handle, int status, int events);

static void
listener_watch(void *owner)
{
    struct listener *n = owner;

    ENSURE(!n->closed && !timer_active(&n->pause));
    uv_poll_start(&n->poll, UV_READABLE, listener_on_poll);
}

/* What is not accepted waits in the kernel. */
static void
listener_starve(struct listener *n, int error)
{
    char reason[LOOP_ERROR_SIZE];

    if (!n->starved)
        log_gated(LOG_LEVEL_WARNING, LOG_GATE_MOST,
            "accepting pauses until a descriptor is free: %s", loop_error_text(error, reason));
    n->starved = true;
    uv_poll_stop(&n->poll);
    timer_start(n->loop, &n->pause, PAUSE_MS);
}

/* False: no other connection waits, or none can be taken now. */
static bool
listener_accept(struct listener *n)
{
    struct sockaddr_storage peer = { 0 };
    socklen_t len = sizeof(peer);
    int fd = accept4(n->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd >= 0) {
        struct stream *s = stream_new(n->loop, fd, (struct sockaddr *)&peer);

        stream_accepted(s);
        n->handlers->on_accept(n->owner, s);
        return true;
    }
    switch (errno) {
    case EAGAIN:
        if (n->starved)
            log_gated(LOG_LEVEL_NOTICE, LOG_GATE_MOST, "accepting connections again");
        n->starved = false;
        return false;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
        listener_starve(n, errno);
        return false;
    default:
        return true; /* that connection failed, not the socket (accept(2), "Error handling") */
    }
}

static void
listener_on_poll(uv_poll_t *handle, int status, int events)
{
    struct listener *n = CONTAINER_OF(handle, struct listener, poll);

    (void)events;
    for (int i = 0; i < BURST && !n->closed; i++)
        if (!listener_accept(n))
            break;
    if (status < 0 && !n->closed)
        timer_start(n->loop, &n->pause, PAUSE_MS);
}

static void
listener_on_closed(uv_handle_t *handle)
{
    struct listener *n = CONTAINER_OF(handle, struct listener, poll);

    if (n->handlers->on_close)
        n->handlers->on_close(n->owner);
    free(n);
}

struct listener *
listener_open(struct loop *l, int fd, const struct listener_handlers *h, void *owner)
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
    n->handlers = h;
    n->owner = owner;
    n->fd = fd;
    timer_init(&n->pause, listener_watch, n);
    listener_watch(n);
    return n;
}

void
listener_close(struct listener *n)
{
    if (!n || n->closed)
        return;
    n->closed = true;
    timer_stop(&n->pause);
    uv_close((uv_handle_t *)&n->poll, listener_on_closed);
    close(n->fd);
}
