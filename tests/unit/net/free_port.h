/* SPDX-License-Identifier: MIT */
/*
 * free_port: a port for a server that is another process, such as redis-server.
 *
 * It is below the ports that the kernel gives to connections, and this process holds the UDP port
 * of that number until it ends: of all tests that run at the same time nobody else gets it.
 */
#ifndef UNIT_NET_FREE_PORT_H
#define UNIT_NET_FREE_PORT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <netinet/in.h>

static inline int
free_port_bind(int type, unsigned port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static inline unsigned
free_port(void)
{
    enum { FIRST = 20000, COUNT = 12000 };
    static unsigned next;

    if (next == 0)
        next = (unsigned)getpid() * 61;
    for (int i = 0; i < COUNT; i++) {
        unsigned port = FIRST + next++ % COUNT;
        int held = free_port_bind(SOCK_DGRAM, port);
        int probe = held < 0 ? -1 : free_port_bind(SOCK_STREAM, port);

        if (probe >= 0) {
            close(probe);
            return port;
        }
        if (held >= 0)
            close(held);
    }
    return 0;
}

#endif
