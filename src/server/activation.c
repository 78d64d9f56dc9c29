/* SPDX-License-Identifier: MIT */
/*
 * activation: descriptors from 3 on, if LISTEN_PID is this process.
 */
#include "activation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/ensure.h"

enum { FIRST_FD = 3, REASON_SIZE = 128 };

/* How many descriptors were passed to this very process. */
static uint64_t
read_count(void)
{
    uint64_t pid, count;

    if (!str_to_u64(str_of(getenv("LISTEN_PID")), INT32_MAX, &pid) || pid != (uint64_t)getpid())
        return 0;
    if (!str_to_u64(str_of(getenv("LISTEN_FDS")), INT32_MAX - FIRST_FD, &count))
        return 0;
    return count;
}

/* False: not a TCP socket.  *host stays empty for the address of all interfaces. */
static bool
read_address(int fd, char *host, unsigned *port)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } at = { 0 };
    socklen_t len = sizeof(at);

    *host = 0;
    if (getsockname(fd, &at.any, &len) != 0)
        return false;
    if (at.any.sa_family == AF_INET) {
        *port = ntohs(at.v4.sin_port);
        return at.v4.sin_addr.s_addr == htonl(INADDR_ANY) ||
               inet_ntop(AF_INET, &at.v4.sin_addr, host, ACTIVATION_HOST_SIZE);
    }
    *port = ntohs(at.v6.sin6_port);
    return at.any.sa_family == AF_INET6 &&
           (IN6_IS_ADDR_UNSPECIFIED(&at.v6.sin6_addr) ||
               inet_ntop(AF_INET6, &at.v6.sin6_addr, host, ACTIVATION_HOST_SIZE));
}

/* systemd passes sockets that block, and that children would inherit. */
static bool
take_socket(struct activation *a, int fd)
{
    unsigned port;
    int flags = fcntl(fd, F_GETFL), listening = 0;
    socklen_t len = sizeof(listening);

    ENSURE(a->count < ACTIVATION_SOCKETS_MAX);
    if (flags < 0 || getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &len) != 0 ||
        !listening || !read_address(fd, a->host, &port) ||
        fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
        return false;
    if (a->count == 0)
        a->port = port;
    a->fds[a->count++] = fd;
    return true;
}

bool
activation_take(struct activation *a, struct buffer *error)
{
    uint64_t count = read_count();

    *a = (struct activation){ 0 };
    if (count > ACTIVATION_SOCKETS_MAX) {
        buffer_printf(error, "the service manager passed %llu sockets: at most %d can be served",
            (unsigned long long)count, ACTIVATION_SOCKETS_MAX);
        return false;
    }
    for (int fd = FIRST_FD; fd < FIRST_FD + (int)count; fd++) {
        if (take_socket(a, fd))
            continue;
        buffer_printf(error,
            "descriptor %d from the service manager is not a listening TCP socket: "
            "ListenStream= of its socket unit takes a port or ADDRESS:PORT",
            fd);
        return false;
    }
    if (count > 1)
        *a->host = 0;
    return true;
}

void
activation_clear_environment(void)
{
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDNAMES");
}

bool
activation_share(int fd, unsigned count, int *fds, struct buffer *error)
{
    char reason[REASON_SIZE];

    fds[0] = fd;
    for (unsigned i = 1; i < count; i++) {
        fds[i] = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FD);
        if (fds[i] >= 0)
            continue;
        buffer_printf(error, "the service manager's socket cannot be shared: %s",
            strerror_r(errno, reason, sizeof(reason)));
        while (i > 0)
            close(fds[--i]);
        return false;
    }
    return true;
}
