/* SPDX-License-Identifier: MIT */
/*
 * listener_bind: the sockets, one a worker, before any thread runs.
 */
#include "net/listener.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "base/buffer.h"

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
            /* With port 0 the first one's is everybody's. */
            getsockname(fds[i], (struct sockaddr *)&address, &len);
            continue;
        }
        for (unsigned k = 0; k < i; k++)
            close(fds[k]);
        return fds[i];
    }
    return 0;
}

static int
look_up(const char *host, unsigned port, int family, struct addrinfo **list)
{
    struct addrinfo hints = { .ai_family = family, .ai_socktype = SOCK_STREAM };
    char service[8];

    snprintf(service, sizeof(service), "%u", port);
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
    return getaddrinfo(host, service, &hints, list);
}

/* The first address that can be bound; an address in use ends the search. */
static int
bind_first(const char *host, unsigned port, int family, unsigned count, int *fds)
{
    struct addrinfo *list;
    int result = -EADDRNOTAVAIL;

    if (look_up(host, port, family, &list) != 0)
        return -ENXIO;
    for (struct addrinfo *a = list; a; a = a->ai_next) {
        result = bind_all(a, count, fds);
        if (result == 0 || result == -EADDRINUSE)
            break;
    }
    freeaddrinfo(list);
    return result;
}

/* What may be done about it; "": the reason says it all. */
static const char *
remedy(int result)
{
    switch (result) {
    case -EADDRINUSE:
        return ": another program has it, which `ss -ltnp` names; end that one, or take another "
               "port";
    case -EADDRNOTAVAIL:
        return ": it is no address of this machine, see `ip address`; without one all are taken";
    case -EACCES:
        return ": ports below 1024 need CAP_NET_BIND_SERVICE, or a proxy before another port";
    case -ENXIO:
        return "the host name cannot be resolved; expected an address or a name of this machine";
    default:
        return "";
    }
}

static void
explain(const char *host, unsigned port, int result, struct buffer *error)
{
    bool brackets = host && strchr(host, ':');
    char reason[128] = "";

    if (result != -ENXIO)
        uv_strerror_r(result, reason, sizeof(reason));
    buffer_printf(error, "cannot listen on %s%s%s:%u: %s%s", brackets ? "[" : "", host ? host : "*",
        brackets ? "]" : "", port, reason, remedy(result));
}

bool
listener_bind(
    const char *host, unsigned port, unsigned count, int *fds, bool *in_use, struct buffer *error)
{
    /* The address of all interfaces is asked for by family: IPv6's one takes IPv4 as well. */
    int result = bind_first(host, port, host ? AF_UNSPEC : AF_INET6, count, fds);

    if (!host && result != 0 && result != -EADDRINUSE)
        result = bind_first(NULL, port, AF_INET, count, fds);
    *in_use = result == -EADDRINUSE;
    if (result != 0)
        explain(host, port, result, error);
    return result == 0;
}
